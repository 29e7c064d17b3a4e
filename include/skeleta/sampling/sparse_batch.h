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

  void clear() {
    end_.assign(1, 0);
    active_.clear();
    value_.clear();
  }

  /// Appends a point with `count` active features, to be filled in by the caller.
  std::pair<std::span<std::int32_t>, std::span<double>> append(std::size_t count) {
    const std::size_t first = end_.back();
    active_.resize(first + count);
    value_.resize(first + count);
    end_.push_back(first + count);
    return {{active_.data() + first, count}, {value_.data() + first, count}};
  }

 private:
  std::vector<std::size_t> end_{0};
  std::vector<std::int32_t> active_;
  std::vector<double> value_;
};

}  // namespace skeleta::sampling
