#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/shared_loop.h"
#include "skeleta/core/clock.h"
#include "skeleta/core/exchange.h"
#include "skeleta/core/parallel.h"

namespace skeleta {
namespace {

using Compute = FunctionRef<void(std::size_t, std::span<double>)>;
using Merge = FunctionRef<bool(std::size_t, std::span<const double>)>;

// Chunks that are computed at once.
class Wave {
 public:
  explicit Wave(std::size_t width) : width_(width) {}

  std::size_t count() const { return count_; }
  std::size_t end() const { return first_ + count_; }

  void begin(std::size_t first, std::size_t count, int threads, Compute compute) {
    first_ = first;
    count_ = count;
    results_.resize(count * width_);
    if (count == 0) return;
    loop_.emplace(count, threads,
                  [&](std::size_t k, std::size_t) { compute(first + k, result(k)); });
  }
  void post() {
    loop_->post([&](Parcel& parcel, std::size_t k) { parcel.block(result(k).data(), width_); });
  }
  void finish() {
    loop_->finish([&](Parcel& parcel, std::size_t k) { parcel.block(result(k).data(), width_); });
  }
  bool merge(Merge merge) {
    for (std::size_t k = 0; k < count_; ++k) {
      if (!merge(first_ + k, result(k))) return false;
    }
    return true;
  }

 private:
  std::span<double> result(std::size_t k) {
    return std::span(results_).subspan(k * width_, width_);
  }

  std::size_t width_, first_ = 0, count_ = 0;
  std::vector<double> results_;
  std::optional<SharedLoop> loop_;
};

// As many chunks in a wave as take some 40 ms: few enough to stop soon, so many that threads seldom
// wait for each other. What merge sees does not depend on it.
class WaveSize {
 public:
  WaveSize(std::size_t least, std::size_t most) : least_(least), most_(most), now_(least) {}

  std::size_t now() const { return now_; }
  /// To be called after each wave.
  void learn(std::size_t count) {
    constexpr double enough = 0.04;  // seconds
    const double before = std::exchange(last_, monotonic_seconds());
    if (last_ - before < enough) now_ = std::min(2 * count, most_);
    if (last_ - before > 2 * enough) now_ = std::max(count / 2, least_);
  }

 private:
  std::size_t least_, most_, now_;
  double last_ = monotonic_seconds();
};

}  // namespace

// Ranks compute the next wave while the results of one are on their way; a wave that merge does not
// want any more is dropped.
void for_each_chunk(std::size_t count, std::size_t width, int threads, Compute compute,
                    Merge merge) {
  constexpr std::size_t most_bytes = 1 << 25;  // of a wave, on all ranks
  const Ranks* const ranks = Ranks::current();
  const auto here = static_cast<std::size_t>(resolve_threads(threads));
  const std::size_t workers = ranks != nullptr ? ranks->workers() : here;
  std::size_t most = std::min(count, 64 * workers);
  if (ranks != nullptr && width > 0) {
    most = std::min(most, std::max(workers, most_bytes / (width * sizeof(double))));
  }
  WaveSize size(std::min(most, workers), most);
  Wave now(width), next(width);
  const auto begin = [&](Wave& wave, std::size_t first) {
    wave.begin(first, std::min(size.now(), count - first), threads, compute);
  };
  begin(now, 0);
  while (now.count() > 0) {
    now.post();
    if (ranks != nullptr) begin(next, now.end());
    now.finish();
    if (!now.merge(merge)) return;
    size.learn(now.count());
    if (ranks == nullptr) begin(next, now.end());
    std::swap(now, next);
  }
}

}  // namespace skeleta
