#include "skeleta/sampling/count_sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace skeleta::sampling {

CountSampler::CountSampler(const ActiveCount& law, CountRange range)
    : range_(range), probability_(law.probability(range)) {
  if (!(probability_ > 0.0)) {
    throw std::invalid_argument(fmt::format(
        "skeletons {}..{} cannot be sampled: their probability is 0", range.first, range.last));
  }
  double sum = 0.0;
  for (Index l = range.first; l <= range.last; ++l) {
    sum += law.probability(l) / probability_;
    cumulative_.push_back(sum < 1.0 ? static_cast<std::uint64_t>(std::ldexp(sum, 64))
                                    : std::numeric_limits<std::uint64_t>::max());
  }
  // The last words must not fall on a skeleton of probability 0 because of rounding.
  while (cumulative_.size() > 1 && law.probability(range_.last) == 0.0) {
    cumulative_.pop_back();
    --range_.last;
  }
  for (std::uint64_t top = 0; top < 256; ++top) {
    const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), top << 56);
    const auto last = static_cast<std::ptrdiff_t>(cumulative_.size()) - 1;
    start_.push_back(static_cast<std::uint32_t>(std::min(found - cumulative_.begin(), last)));
  }
}

}  // namespace skeleta::sampling
