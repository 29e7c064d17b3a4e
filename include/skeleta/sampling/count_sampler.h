#pragma once

#include <cstdint>
#include <vector>

#include "skeleta/measure/active_count.h"

namespace skeleta::sampling {

/// Draws N, the number of active features, given that it lies in a range.
/// By inversion of the cumulative law in 64-bit integers: each probability is off by less than
/// 2⁻⁶³.
class CountSampler {
 public:
  /// Throws std::invalid_argument if the range is empty or has probability 0.
  CountSampler(const ActiveCount& law, CountRange range);

  CountRange range() const { return range_; }
  /// P(N ∈ range).
  double probability() const { return probability_; }
  /// True if the range is one number: then no random word is needed.
  bool fixed() const { return range_.first == range_.last; }

  Index operator()(std::uint64_t word) const {
    std::size_t k = start_[word >> 56];
    while (word >= cumulative_[k] && k + 1 < cumulative_.size()) ++k;
    return range_.first + static_cast<Index>(k);
  }

 private:
  CountRange range_;
  double probability_;
  std::vector<std::uint64_t> cumulative_;  // 2⁶⁴ P(N ≤ first + k | range), saturated
  std::vector<std::uint32_t> start_;       // where words with the same top byte begin to search
};

}  // namespace skeleta::sampling
