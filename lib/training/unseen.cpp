#include "skeleta/training/unseen.h"

#include <cmath>

namespace skeleta::training {

Unseen unseen(std::span<const Minimum> minima, std::uint64_t starts) {
  Unseen result;
  result.starts = starts;
  if (starts == 0) return result;
  std::uint64_t ended = 0, twice = 0;
  for (const Minimum& minimum : minima) {
    const auto count = static_cast<std::uint64_t>(minimum.count());
    ended += count;
    result.once += count == 1;
    twice += count == 2;
  }
  result.once += starts - ended;
  if (!minima.empty()) result.best = static_cast<std::uint64_t>(minima.front().count());
  const auto n = static_cast<double>(starts), once = static_cast<double>(result.once);
  result.probability = once / n;
  result.standard_error = std::sqrt(once * (1.0 - once / n) + 2.0 * static_cast<double>(twice)) / n;
  result.detectable = -std::expm1(std::log(0.05) / n);
  return result;
}

bool seen_enough(const Unseen& unseen, double most) {
  return unseen.best >= 2 && unseen.probability <= most;
}

bool seen_enough(std::span<const TrainedModel> starts, const Features& features, double most) {
  const std::uint64_t count = starts.size();
  if (count == 0 || count % look_every != 0) return false;
  return seen_enough(unseen(minima_of(starts, features), count), most);
}

}  // namespace skeleta::training
