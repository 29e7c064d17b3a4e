#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace skeleta::sampling {

/// A point of the sparse cube: its active features (distinct, in no particular order) and their
/// values, in (0, 1) unless a law says more. All other coordinates are 0.
struct SparsePoint {
  std::span<const std::int32_t> active;  ///< l features, from 0.
  std::span<const double> value;         ///< l values, of the same features.

  /// l.
  std::size_t count() const { return active.size(); }
};

/// Some points of one skeleton Q_l, stored one after the other: l features and l values each.
class SparseBatch {
 public:
  /// Number of points.
  std::size_t size() const { return size_; }
  /// l, the same for all points.
  std::size_t active_count() const { return count_; }

  /// Point i < size(); it lives as long as the batch is unchanged.
  SparsePoint operator[](std::size_t i) const {
    return {{active_.data() + i * count_, count_}, {value_.data() + i * count_, count_}};
  }

  /// Makes room for `size` points with `active_count` active features each, to be filled in by the
  /// caller. Memory is kept from use to use.
  void reset(std::size_t active_count, std::size_t size) {
    count_ = active_count;
    size_ = size;
    if (active_.size() < count_ * size_) {
      active_.resize(count_ * size_);
      value_.resize(count_ * size_);
    }
  }

  /// The features of point i, to be written.
  std::span<std::int32_t> active(std::size_t i) { return {active_.data() + i * count_, count_}; }
  /// The values of point i, to be written.
  std::span<double> value(std::size_t i) { return {value_.data() + i * count_, count_}; }
  /// Of all points, row after row.
  std::span<std::int32_t> active() { return {active_.data(), size_ * count_}; }
  /// Likewise the values.
  std::span<double> value() { return {value_.data(), size_ * count_}; }
  /// Likewise, to be read.
  std::span<const std::int32_t> active() const { return {active_.data(), size_ * count_}; }
  /// Likewise.
  std::span<const double> value() const { return {value_.data(), size_ * count_}; }

 private:
  std::size_t count_ = 0, size_ = 0;
  std::vector<std::int32_t> active_;
  std::vector<double> value_;
};

}  // namespace skeleta::sampling
