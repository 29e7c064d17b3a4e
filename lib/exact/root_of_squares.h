#pragma once

#include <cmath>

namespace skeleta::exact {

/// √Σ x², and not 0 where squares leave the range of numbers: those of small x are summed in a unit
/// of their own. Sums of normal squares have the bits of the plain formula.
class RootOfSquares {
 public:
  void add(double x) {
    plain_ += x * x;
    const double raised = x * unit;
    raised_ += raised * raised;
  }

  double value() const { return plain_ >= least ? std::sqrt(plain_) : std::sqrt(raised_) / unit; }

 private:
  // Of x from the least number 2^-1074 to √least 2^-450 the raised squares are normal numbers.
  static constexpr double unit = 0x1p600, least = 0x1p-900;

  double plain_ = 0.0, raised_ = 0.0;
};

}  // namespace skeleta::exact
