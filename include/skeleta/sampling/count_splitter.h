#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "skeleta/measure/active_count.h"
#include "skeleta/sampling/stream.h"

namespace skeleta::sampling {

/// Says how many of n points fall on each skeleton of a range, given that all fall into the range:
/// multinomial with n and P(N = l | N ∈ range). The points of each skeleton can then be drawn
/// together, and those without any active feature need not be drawn at all.
class CountSplitter {
 public:
  /// Throws std::invalid_argument if the range is empty or has probability 0.
  CountSplitter(const ActiveCount& law, CountRange range);

  /// The numbers of active features among which points are split.
  CountRange range() const { return range_; }
  /// P(N ∈ range).
  double probability() const { return probability_; }
  /// P(N = l) > 0, l in the range?
  bool possible(Index l) const { return share_[static_cast<std::size_t>(l - range_.first)] > 0.0; }
  /// True if the range is one number.
  bool fixed() const { return range_.first == range_.last; }

  /// Fills counts[k] with the number of points on Q_{first + k}; range().size() of them with the
  /// sum n. One binomial after the other (Boost.Random, Hörmann 1993), each from the words of the
  /// family `key` at index `block`.
  void draw(const StreamKey& key, std::uint64_t block, std::uint64_t n,
            std::span<std::uint64_t> counts) const;

 private:
  CountRange range_;
  double probability_;
  std::vector<double> share_;  // P(N = l | l ≤ N ≤ last)
};

}  // namespace skeleta::sampling
