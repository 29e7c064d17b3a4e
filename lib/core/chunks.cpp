#include <algorithm>
#include <vector>

#include "core/waves.h"
#include "skeleta/core/exchange.h"
#include "skeleta/core/parallel.h"

namespace skeleta {

// Waves of some 40 ms: few enough chunks to stop soon, so many that threads seldom wait for each
// other. What merge sees does not depend on it.
void for_each_chunk(std::size_t count, std::size_t width, int threads,
                    FunctionRef<void(std::size_t, std::span<double>)> compute,
                    FunctionRef<bool(std::size_t, std::span<const double>)> merge) {
  constexpr std::size_t most_bytes = 1 << 25;  // of a wave, on all ranks
  const Ranks* const ranks = Ranks::current();
  const auto here = static_cast<std::size_t>(resolve_threads(threads));
  const std::size_t workers = ranks != nullptr ? ranks->workers() : here;
  std::size_t most = std::min(count, 64 * workers);
  if (ranks != nullptr && width > 0) {
    most = std::min(most, std::max(workers, most_bytes / (width * sizeof(double))));
  }
  const std::size_t slots = ranks != nullptr ? std::min(count, 2 * most) : most;
  std::vector<double> results(slots * width);
  const auto slot = [&](std::size_t i) {
    return std::span(results).subspan(i % slots * width, width);
  };
  for_each_in_waves(
      count, {std::min(most, workers), most, 0.04, 0.08}, threads,
      [&](std::size_t i) { compute(i, slot(i)); }, [&](std::size_t i) { return merge(i, slot(i)); },
      [&](Parcel& parcel, std::size_t i) { parcel.block(slot(i).data(), width); });
}

}  // namespace skeleta
