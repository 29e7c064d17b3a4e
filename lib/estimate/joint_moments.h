#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "estimate/moments.h"

namespace skeleta::estimate {

/// Moments of several outputs over the same points, and Σ (y_a − ȳ_a)(y_b − ȳ_b) for each pair of
/// them. One flat array of doubles, so that it can be sent and stored as it is: count; mean, m2,
/// m3, m4 of each output; the products of the pairs a < b, row after row.
class JointMoments {
 public:
  explicit JointMoments(std::size_t outputs) : outputs_(outputs), flat_(width(outputs), 0.0) {}

  static constexpr std::size_t width(std::size_t outputs) {
    return 1 + 4 * outputs + outputs * (outputs - 1) / 2;
  }

  /// Fills `flat` from values[i · outputs + a] of the points i; those with a value that is not
  /// finite are left out. Returns how many. The order of `values` is not kept.
  static std::size_t summarise(std::span<double> values, std::size_t outputs,
                               std::span<double> flat);

  std::size_t outputs() const { return outputs_; }
  std::uint64_t count() const { return static_cast<std::uint64_t>(flat_[0]); }
  Moments output(std::size_t a) const { return moments(flat_, a); }
  double product(std::size_t a, std::size_t b) const;

  /// Adds the points of another one, given as its flat array.
  void merge(std::span<const double> other);
  void merge(const JointMoments& other) { merge(other.flat_); }
  void clear() { std::fill(flat_.begin(), flat_.end(), 0.0); }

  std::span<const double> flat() const { return flat_; }

 private:
  static Moments moments(std::span<const double> flat, std::size_t a) {
    const double* const m = flat.data() + 1 + 4 * a;
    return {static_cast<std::uint64_t>(flat[0]), m[0], m[1], m[2], m[3]};
  }

  std::size_t outputs_;
  std::vector<double> flat_;
};

}  // namespace skeleta::estimate
