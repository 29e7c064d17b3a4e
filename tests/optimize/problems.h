#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "skeleta/core/types.h"

/// Standard problems of unconstrained minimisation, numbered as in Moré, Garbow & Hillstrom,
/// "Testing unconstrained optimization software", ACM Trans. Math. Softw. 7 (1981), with the
/// starting points and minima given there. f = Σ r_i², ∇f = 2 Jᵀr.
namespace skeleta::optimize::testing {

struct Problem {
  std::string name;
  Vector start;
  double minimum;
  std::vector<double> minimiser;  ///< Empty if the paper gives none.
  double (*function)(const Vector& x, Vector& gradient);

  double operator()(const Vector& x, Vector& gradient) const { return function(x, gradient); }
};

/// Adds r² to the value and its derivatives to the gradient.
class SumOfSquares {
 public:
  explicit SumOfSquares(Vector& gradient) : gradient_(gradient) { gradient_.setZero(); }
  void add(double r, std::initializer_list<double> derivatives) {
    value_ += r * r;
    Index k = 0;
    for (const double d : derivatives) gradient_(k++) += 2.0 * r * d;
  }
  double value() const { return value_; }

 private:
  double value_ = 0.0;
  Vector& gradient_;
};

inline double rosenbrock(const Vector& x, Vector& gradient) {
  SumOfSquares f(gradient);
  f.add(10.0 * (x(1) - x(0) * x(0)), {-20.0 * x(0), 10.0});
  f.add(1.0 - x(0), {-1.0, 0.0});
  return f.value();
}

inline double beale(const Vector& x, Vector& gradient) {
  SumOfSquares f(gradient);
  const double y[] = {1.5, 2.25, 2.625};
  for (int i = 1; i <= 3; ++i) {
    const double power = std::pow(x(1), i);
    f.add(y[i - 1] - x(0) * (1.0 - power), {power - 1.0, x(0) * i * std::pow(x(1), i - 1)});
  }
  return f.value();
}

inline double powell_singular(const Vector& x, Vector& gradient) {
  SumOfSquares f(gradient);
  const double a = x(1) - 2.0 * x(2), b = x(0) - x(3), s5 = std::sqrt(5.0), s10 = std::sqrt(10.0);
  f.add(x(0) + 10.0 * x(1), {1.0, 10.0, 0.0, 0.0});
  f.add(s5 * (x(2) - x(3)), {0.0, 0.0, s5, -s5});
  f.add(a * a, {0.0, 2.0 * a, -4.0 * a, 0.0});
  f.add(s10 * b * b, {2.0 * s10 * b, 0.0, 0.0, -2.0 * s10 * b});
  return f.value();
}

inline double wood(const Vector& x, Vector& gradient) {
  SumOfSquares f(gradient);
  const double s90 = std::sqrt(90.0), s10 = std::sqrt(10.0);
  f.add(10.0 * (x(1) - x(0) * x(0)), {-20.0 * x(0), 10.0, 0.0, 0.0});
  f.add(1.0 - x(0), {-1.0, 0.0, 0.0, 0.0});
  f.add(s90 * (x(3) - x(2) * x(2)), {0.0, 0.0, -2.0 * s90 * x(2), s90});
  f.add(1.0 - x(2), {0.0, 0.0, -1.0, 0.0});
  f.add(s10 * (x(1) + x(3) - 2.0), {0.0, s10, 0.0, s10});
  f.add((x(1) - x(3)) / s10, {0.0, 1.0 / s10, 0.0, -1.0 / s10});
  return f.value();
}

inline double brown_dennis(const Vector& x, Vector& gradient) {
  SumOfSquares f(gradient);
  for (int i = 1; i <= 20; ++i) {
    const double t = i / 5.0, a = x(0) + t * x(1) - std::exp(t);
    const double b = x(2) + x(3) * std::sin(t) - std::cos(t);
    f.add(a * a + b * b, {2.0 * a, 2.0 * a * t, 2.0 * b, 2.0 * b * std::sin(t)});
  }
  return f.value();
}

inline Vector vector(std::initializer_list<double> values) {
  Vector x(static_cast<Index>(values.size()));
  std::copy(values.begin(), values.end(), x.begin());
  return x;
}

/// The paper prints Brown & Dennis' minimum as 85822.2; the other digits are those of the Newton
/// iteration in tests/optimize/brown_dennis.py (50 digits).
inline std::vector<Problem> problems() {
  return {
      {"1 Rosenbrock", vector({-1.2, 1.0}), 0.0, {1.0, 1.0}, rosenbrock},
      {"5 Beale", vector({1.0, 1.0}), 0.0, {3.0, 0.5}, beale},
      {"13 Powell singular", vector({3.0, -1.0, 0.0, 1.0}), 0.0, {}, powell_singular},
      {"14 Wood", vector({-3.0, -1.0, -3.0, -1.0}), 0.0, {1.0, 1.0, 1.0, 1.0}, wood},
      {"16 Brown & Dennis", vector({25.0, 5.0, -5.0, -1.0}), 85822.201626356, {}, brown_dennis}};
}

}  // namespace skeleta::optimize::testing
