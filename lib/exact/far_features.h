#pragma once

#include <algorithm>
#include <cmath>

#include "exact/value_lanes.h"

/// Independent half-normal features at nodes far out, all of them together.
namespace skeleta::exact {

/// There the transform of a feature of scale x = σg is its asymptotic series (half_line_lanes.h),
///
///   h(xs) = −√(2/π) Σ_{n≤N} (−1)ⁿ (2n − 1)!! (xs)^{−2n−1},
///
/// so that the product of factors 1 + y αh is a polynomial in 1/s with real coefficients for each
/// power of y: one feature more changes the coefficients, and a node costs the same for any number
/// of features. What is left out of h is at most twice the first term that is left out; beside that
/// e^{a²/2} on the right, 5e-16 at most, and orders of a product beyond s^{−32}, which the second
/// of two transforms of size 1/10 has to a part of 4e-13. Where many features are dense and near,
/// they have to wait (`largest_sum`).
class FarFeatures {
 public:
  /// What the features taken so far add up to, besides P(none of them active).
  double mass() const { return mass_; }
  bool empty() const { return taken_ == 0; }

  /// Takes the feature of odds α = p/(1 − p), none = 1 − p, and scale x from the node s = re + i·im
  /// on, if that is far enough for h to be known to `tolerance`.
  bool take(double alpha, double x, double re, double im, double tolerance, double none) {
    constexpr double least_mass = 1e-100, largest_sum = 0.5, smallest = 1e-5, gauss = 72.0;
    const double square = x * x * (im * im - re * re), size = std::sqrt(re * re + im * im);
    if (!(square >= gauss) || mass_ * none < least_mass) return false;  // e^{−36} = 2e-16
    if (empty()) unit_ = size;
    const double first = alpha * half_normal_density / std::abs(x);
    if (!((sum_ + first) / size <= largest_sum && std::abs(x) * unit_ >= smallest)) return false;
    // As many terms as the first that is left out asks for.
    double term = half_normal_density / (std::abs(x) * size);
    const double ratio = 1.0 / (x * x * size * size);
    int terms = 0;
    while (terms <= most && 2.0 * term > tolerance) {
      term *= (2 * terms + 1) * ratio;
      ++terms;
    }
    if (terms > most) return false;
    multiply(alpha, x, std::max(terms, 1));
    sum_ += first;
    mass_ *= none;
    ++taken_;
    return true;
  }

  /// The parts of the product, over mass(), in which one and at least two of them are active.
  template <int groups>
  SKELETA_INLINE void parts(const Group* nodes, Complex* one, Complex* rest) const {
    Complex t[groups];
    Quadratic z[groups], square[groups];
    for (int m = 0; m < groups; ++m) {
      t[m] = unit_ * nodes[m].inverse;
      z[m] = quadratic_of(t[m]);
      square[m] = quadratic_of(t[m] * t[m]);
    }
    real_polynomial<groups>(
        one_, most - 1, [&](int m) -> const Quadratic& { return square[m]; }, one);
    real_polynomial<groups>(
        rest_, degree, [&](int m) -> const Quadratic& { return z[m]; }, rest);
    for (int m = 0; m < groups; ++m) one[m] = t[m] * one[m];
  }

 private:
  static constexpr int most = 16;          // terms of h
  static constexpr int degree = 2 * most;  // in 1/s, of the rest

  // rest ← rest + (one + rest) αh, one ← one + αh, in t = unit/s.
  void multiply(double alpha, double x, int terms) {
    double h[most];
    const double inverse = 1.0 / (x * unit_);
    double c = -alpha * half_normal_density * inverse;
    for (int n = 0; n < terms; ++n) {
      h[n] = c;
      c *= -(2 * n + 1) * (inverse * inverse);
    }
    double all[degree + 1];
    std::copy(rest_, rest_ + degree + 1, all);
    for (int n = 0; n < most; ++n) all[2 * n + 1] += one_[n];
    for (int n = 0; n < terms; ++n) {
      for (int k = 1; k + 2 * n + 1 <= degree; ++k) rest_[k + 2 * n + 1] += h[n] * all[k];
      one_[n] += h[n];
    }
  }

  double unit_ = 1.0, mass_ = 1.0;
  double sum_ = 0.0;  // of α√(2/π)/|x|
  int taken_ = 0;
  double one_[most] = {};  // of t, t³, …
  double rest_[degree + 1] = {};
};

}  // namespace skeleta::exact
