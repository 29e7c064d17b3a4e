#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace skeleta::sampling {

/// A point of the sparse cube: its active features (distinct, in no particular order) and their
/// values in (0, 1). All other coordinates are 0.
struct SparsePoint {
  std::span<const std::int32_t> active;
  std::span<const double> value;

  std::size_t count() const { return active.size(); }
};

/// Some points, stored one after the other.
class SparseBatch {
 public:
  std::size_t size() const { return end_.size() - 1; }

  SparsePoint operator[](std::size_t i) const {
    const std::size_t first = end_[i], count = end_[i + 1] - first;
    return {{active_.data() + first, count}, {value_.data() + first, count}};
  }

  /// Makes room for points with so many active features each, to be filled in by the caller.
  void reset(std::span<const std::uint32_t> counts);

  /// The points by increasing number of active features. Work done in this order repeats the same
  /// branches, which the processor then foresees.
  std::span<const std::uint32_t> by_count() const { return order_; }

  std::span<std::int32_t> active(std::size_t i) {
    return {active_.data() + end_[i], end_[i + 1] - end_[i]};
  }
  std::span<double> value(std::size_t i) {
    return {value_.data() + end_[i], end_[i + 1] - end_[i]};
  }

 private:
  std::vector<std::size_t> end_{0};
  std::vector<std::uint32_t> order_, bucket_;
  std::vector<std::int32_t> active_;
  std::vector<double> value_;
};

}  // namespace skeleta::sampling
