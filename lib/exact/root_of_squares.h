#pragma once

#include <cmath>

namespace skeleta::exact {

/// √Σ x², and neither 0 nor infinite where squares leave the range of numbers: those of small and
/// of large x are summed in units of their own. Sums of normal squares have the bits of the plain
/// formula.
class RootOfSquares {
 public:
  void add(double x) {
    plain_ += x * x;
    const double raised = x * unit, lowered = x / unit;
    raised_ += raised * raised;
    lowered_ += lowered * lowered;
  }

  double value() const {
    if (std::isinf(plain_)) return std::sqrt(lowered_) * unit;
    return plain_ >= least ? std::sqrt(plain_) : std::sqrt(raised_) / unit;
  }

 private:
  // Of x from the least number 2^-1074 to √least 2^-450 the raised squares are normal numbers.
  static constexpr double unit = 0x1p600, least = 0x1p-900;

  double plain_ = 0.0, raised_ = 0.0, lowered_ = 0.0;
};

}  // namespace skeleta::exact
