#pragma once

#include <cmath>

namespace skeleta {

/// A sum that keeps what rounding takes from it (Neumaier, ZAMM 54, 1974): off by ε of itself and
/// n ε² Σ|x|, however many numbers. The tail of a slowly decaying sum is made of numbers each of
/// which is below half an ulp of what is there: added up plainly, all of it would be lost.
class CompensatedSum {
 public:
  void add(double x) {
    const double sum = sum_ + x;
    lost_ += std::abs(sum_) >= std::abs(x) ? (sum_ - sum) + x : (x - sum) + sum_;
    sum_ = sum;
  }
  double value() const { return sum_ + lost_; }

 private:
  double sum_ = 0.0, lost_ = 0.0;
};

}  // namespace skeleta
