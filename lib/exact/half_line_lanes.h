#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

#include "exact/lanes.h"

/// The integrals of measure/half_line.h for eight a at a time whose real part is the same.
///
/// With ζ = −ia/√2 = x + iy, one y: the nodes of the trapezoidal rule, t = x − (m + ½)h, lie
/// symmetrically about each x, so that all 1/(ζ − t) and the factor of the residue are the same for
/// the eight and e^{−t²} is e^{−x² + 2(m + ½)hx} times a constant: one product, no quotient a node.
/// Far from the origin the asymptotic series takes over.
namespace skeleta::exact {

/// J_0, J_1, J_2.
struct HalfLine {
  Complex j0, j1, j2;
};

constexpr double half_normal_density = 0.79788456080286536;  // at 0: √(2/π)

SKELETA_INLINE Complex if_less(const Lanes& x, const Lanes& y, const Complex& a, const Complex& b) {
  return {if_less(x, y, a.re, b.re), if_less(x, y, a.im, b.im)};
}

/// e^{a²/2}
SKELETA_INLINE Complex square_exponential(double re, const Lanes& im) {
  const Lanes size = exponential(0.5 * (re * re - im * im));
  const Complex turn = turn_minus_1((0.5 * re * std::numbers::inv_pi) * im);
  return {size * (turn.re + 1.0), size * turn.im};
}

/// Of the trapezoidal rule: h, and how far nodes matter.
struct HalfLineRule {
  static constexpr double step = 0.5;  // e^{−π²/h²} = 7e-18
  static constexpr int reach = 13;     // e^{−(13·h)²} = 4e-19
  static constexpr double far = 12.0;  // |a| from which on the series has the digits
  static constexpr int most = 32;      // |m + ½| below

  double weight[most];  // (h/π) e^{−(m + ½)²h²}

  HalfLineRule() {
    for (int m = 0; m < most; ++m) {
      const double t = (m + 0.5) * step;
      weight[m] = step * std::numbers::inv_pi * std::exp(-t * t);
    }
  }
  static const HalfLineRule& table() {
    static const HalfLineRule rule;
    return rule;
  }
};

/// For re ≤ 0, 0 ≤ im, increasing from lane to lane; im is cut where the series takes over.
SKELETA_INLINE HalfLine near_half_line(double re, const Lanes& im, bool more) {
  using Rule = HalfLineRule;
  constexpr double h = Rule::step, root = std::numbers::sqrt2 / 2.0;
  const Rule& rule = Rule::table();
  const Lanes below = smaller(im, broadcast(Rule::far)), x = root * below;
  const double y = -root * re;
  const int first = static_cast<int>(x[0] / h) - Rule::reach - 1;
  const int last = static_cast<int>(x[lane_count - 1] / h) + Rule::reach + 1;
  const Lanes nothing = broadcast(0.0), ratio = exponential((2.0 * h) * x);
  Lanes gauss = exponential(x * ((2.0 * first + 1.0) * h - x));
  Complex j0{nothing, nothing}, j1 = j0, j2 = j0;
  for (int m = first; m < last; ++m) {
    const double t = (m + 0.5) * h, scale = 1.0 / (y * y + t * t);
    const double u = scale * y, v = scale * t;  // of i/(ζ − t)
    const Lanes term = rule.weight[m < 0 ? -1 - m : m] * gauss;
    j0.re += u * term;
    j0.im += v * term;
    if (more) {
      const double u2 = root * (u * u - v * v), v2 = 2.0 * root * u * v;
      j1.re += u2 * term;
      j1.im += v2 * term;
      j2.re += (2.0 * root * (u2 * u - v2 * v)) * term;
      j2.im += (2.0 * root * (u2 * v + v2 * u)) * term;
    }
    gauss = gauss * ratio;
  }
  const Complex a{broadcast(re), below};
  if (y < std::numbers::pi / h) {  // the residue: 2e^{a²/2} f and its derivatives
    const double mu = std::numbers::sqrt2 * std::numbers::pi / h;
    const double f = 1.0 / (1.0 + std::exp(mu * -re)), f1 = mu * f * (1.0 - f);
    const double f2 = mu * f1 * (1.0 - 2.0 * f);
    const Complex whole = 2.0 * square_exponential(re, below);
    j0 = j0 + f * whole;
    if (more) {
      Complex c1 = f * a, c2 = a * (c1 + (2.0 * f1) * Complex{broadcast(1.0), nothing});
      c1.re += f1;
      c2.re += f + f2;
      j1 = j1 + c1 * whole;
      j2 = j2 + c2 * whole;
    }
  }
  if (more) {  // near the origin the derivatives lose digits, and the recursion does not
    const Lanes size = re * re + below * below, close = broadcast(2.5 * 2.5);
    Complex next = a * j0;
    next.re += half_normal_density;
    j1 = if_less(size, close, next, j1);
    j2 = if_less(size, close, a * j1 + j0, j2);
  }
  return {j0, j1, j2};
}

/// √(2/π) k! b^{k+1} Σ_n (−b²)^n (2n + k)!/(2^n n! k!), b = −1/a.
template <int k>
SKELETA_INLINE Complex half_line_series(const Complex& power, const Complex& minus_square,
                                        int terms) {
  Complex sum{broadcast(1.0), broadcast(0.0)};
  for (int n = terms; n-- > 0;) {
    const double ratio = static_cast<double>((2 * n + k + 1) * (2 * n + k + 2)) / (2.0 * (n + 1));
    sum = ratio * (minus_square * sum);
    sum.re += 1.0;
  }
  return (k == 2 ? 2.0 * half_normal_density : half_normal_density) * (power * sum);
}

/// The same for |a| ≥ far in the last lanes; the others are of no use.
SKELETA_INLINE HalfLine far_half_line(double re, const Lanes& im, bool more) {
  const Lanes scale = 1.0 / (re * re + im * im);
  const Complex b{-re * scale, im * scale}, square = b * b;
  const Complex minus{-square.re, -square.im};
  const double least = std::max(re * re + im[0] * im[0], HalfLineRule::far * HalfLineRule::far);
  int terms = 0;
  for (double bound = 1.0; bound > 1e-17; ++terms) {  // those of J_2 are the largest
    bound *= (2 * terms + 3) * (terms + 2) / ((terms + 1) * least);
  }
  HalfLine result{half_line_series<0>(b, minus, terms), b, b};
  if (more) {
    result.j1 = half_line_series<1>(square, minus, terms);
    result.j2 = half_line_series<2>(square * b, minus, terms);
  }
  return result;
}

/// J_0 alone, cheaper: by polynomials of real coefficients, which three depends on |a|.
struct HalfLinePolynomials {
  /// Near 0 Taylor's Σ_n aⁿ/(2^{n/2} Γ(n/2 + 1)).
  static constexpr int most_close = 38;
  static constexpr double close_square = 2.25;  ///< |a|² up to which it is used.
  /// Weideman's: with Z = (L + a/√2)/(L − a/√2), J_0 = (2p(Z)/(L − a/√2) + 1/√π)/(L − a/√2), p
  /// being the Fourier series in θ of e^{−t²}(L² + t²), t = L tan(θ/2). To 8e-15 wherever Re a ≤
  /// 0.
  static constexpr int degree = 35;
  /// √(2/π)(−1/a) Σ_n c_n mⁿ, m = −1/a², c_n = 1, 1, 3, 15, …
  static constexpr int most_far = 25;
  static constexpr double far_square = 100.0;  ///< |a|² from which on it is used.

  double length, rational[degree + 1];
  double close[most_close + 1], enough_close[most_close + 1];  ///< |a|² up to which 0, …, n do,
  double far[most_far + 1], enough_far[most_far + 1];          ///< from which on 0, …, n do:
                                                               ///< the next is below 5e-17.

  HalfLinePolynomials() : length(std::sqrt((degree + 1) / std::numbers::sqrt2)) {
    constexpr int points = 4 * (degree + 1);
    for (int n = 0; n <= degree; ++n) {
      double sum = 0.5 * length * length;  // θ = 0; at π there is nothing
      for (int k = 1; k < points / 2; ++k) {
        const double theta = 2.0 * std::numbers::pi * k / points;
        const double t = length * std::tan(0.5 * theta);
        sum += std::exp(-t * t) * (length * length + t * t) * std::cos((n + 1) * theta);
      }
      rational[n] = 2.0 * sum / points;
    }
    double c = 1.0;
    for (int n = 0; n <= most_far; ++n) {
      far[n] = c;
      c *= 2 * n + 1;
      enough_far[n] = std::pow(2e16 * c, 1.0 / (n + 1));
    }
    double next[] = {1.0, half_normal_density};  // E Zⁿ/n! of the next two
    for (int n = 0; n <= most_close; ++n) {
      close[n] = next[0];
      next[0] = next[1];
      next[1] = close[n] / (n + 2);
      enough_close[n] = std::pow(5e-17 / next[0], 2.0 / (n + 1));
    }
  }
  static const HalfLinePolynomials& table() {
    static const HalfLinePolynomials polynomials;
    return polynomials;
  }
};

/// z, and z² = twice·z + minus_square with real coefficients.
struct Quadratic {
  Complex z;
  Lanes twice, minus_square;
};

SKELETA_INLINE Quadratic quadratic_of(const Complex& z) {
  return {z, 2.0 * z.re, -(z.re * z.re + z.im * z.im)};
}

/// Σ_{n ≤ degree} c_n zⁿ, degree ≥ 1, c real: two products a term. `at(m)` is the Quadratic of
/// group m.
template <int groups, class At>
SKELETA_INLINE void real_polynomial(const double* c, int degree, const At& at, Complex* p) {
  Lanes high[groups], higher[groups];
#pragma GCC unroll unrolled
  for (int m = 0; m < groups; ++m) {
    high[m] = broadcast(c[degree]);
    higher[m] = broadcast(0.0);
  }
  for (int n = degree - 1; n > 0; --n) {
#pragma GCC unroll unrolled
    for (int m = 0; m < groups; ++m) {
      const Quadratic& z = at(m);
      const Lanes next = (z.minus_square * higher[m] + c[n]) + z.twice * high[m];
      higher[m] = high[m];
      high[m] = next;
    }
  }
#pragma GCC unroll unrolled
  for (int m = 0; m < groups; ++m) {
    const Quadratic& z = at(m);
    p[m] = {(z.minus_square * higher[m] + c[0]) + z.z.re * high[m], z.z.im * high[m]};
  }
}

/// J_0 at groups of a, Re a ≤ 0.
template <int groups>
SKELETA_INLINE void rational_half_line(const Complex* a, Complex* j0) {
  const HalfLinePolynomials& table = HalfLinePolynomials::table();
  Complex p[groups], scale[groups];
  Quadratic z[groups];
#pragma GCC unroll unrolled
  for (int m = 0; m < groups; ++m) {
    const Complex half = (0.5 * std::numbers::sqrt2) * a[m];
    const Lanes x = table.length - half.re, over = 1.0 / (x * x + half.im * half.im);
    scale[m] = {over * x, over * half.im};
    z[m] = quadratic_of(scale[m] * Complex{half.re + table.length, half.im});
  }
  const auto at = [&](int m) __attribute__((always_inline))->const Quadratic& {
    return z[m];
  };
  real_polynomial<groups>(table.rational, HalfLinePolynomials::degree, at, p);
  for (int m = 0; m < groups; ++m) {
    p[m] = 2.0 * (scale[m] * p[m]);
    p[m].re = p[m].re + std::numbers::inv_sqrtpi;
    j0[m] = scale[m] * p[m];
  }
}

/// J_0 at groups of a, |a|² ≤ square ≤ close_square.
template <int groups>
SKELETA_INLINE void close_half_line(const Complex* a, double square, Complex* j0) {
  const HalfLinePolynomials& table = HalfLinePolynomials::table();
  int degree = 1;
  while (degree < table.most_close && square > table.enough_close[degree]) ++degree;
  Quadratic z[groups];
#pragma GCC unroll unrolled
  for (int m = 0; m < groups; ++m) z[m] = quadratic_of(a[m]);
  const auto at = [&](int m) __attribute__((always_inline))->const Quadratic& {
    return z[m];
  };
  real_polynomial<groups>(table.close, degree, at, j0);
}

/// J_0(xs)·x at groups of s whose Quadratic of −1/s² at(m) is, |xs|² ≥ square ≥ far_square.
template <int groups, class At>
SKELETA_INLINE void far_half_line(double x, double square, const At& at, Complex* sum) {
  const HalfLinePolynomials& table = HalfLinePolynomials::table();
  int degree = 1;
  while (degree < table.most_far && square < table.enough_far[degree]) ++degree;
  const double ratio = 1.0 / (x * x);
  Quadratic z[groups];
#pragma GCC unroll unrolled
  for (int m = 0; m < groups; ++m) {
    const Quadratic& w = at(m);
    z[m] = {ratio * w.z, ratio * w.twice, (ratio * ratio) * w.minus_square};
  }
  const auto scaled = [&](int m) __attribute__((always_inline))->const Quadratic& {
    return z[m];
  };
  real_polynomial<groups>(table.far, degree, scaled, sum);
}

/// E U^k e^{aU} of the half-normal law of scale 1 at a = re + i·im, im increasing or decreasing
/// from 0 or beyond; J_1 and J_2 if `more`. By reflection for re > 0: J_k(a) = 2E Z^k e^{aZ} −
/// (−1)^k J_k(−a). Relative errors as measure/half_line.h says, of the reflection's larger term.
SKELETA_INLINE HalfLine half_normal_lanes(double re, const Lanes& im, bool more) {
  const double side = -std::abs(re), sign = im[lane_count - 1] < 0.0 ? -1.0 : 1.0;
  const Lanes up = sign * im;
  const auto is_far = [&](int lane) {
    return side * side + up[lane] * up[lane] >= HalfLineRule::far * HalfLineRule::far;
  };
  HalfLine j;
  if (is_far(0)) {
    j = far_half_line(side, up, more);
  } else {
    j = near_half_line(side, up, more);
    if (is_far(lane_count - 1)) {
      const HalfLine other = far_half_line(side, up, more);
      const Lanes size = side * side + up * up;
      const Lanes far = broadcast(HalfLineRule::far * HalfLineRule::far);
      j.j0 = if_less(size, far, j.j0, other.j0);
      if (more) j.j1 = if_less(size, far, j.j1, other.j1);
      if (more) j.j2 = if_less(size, far, j.j2, other.j2);
    }
  }
  // −a = side − i·im, whose integrals are the conjugates of those of side + i·im.
  const double turned = re > 0.0 ? -sign : sign;
  for (Complex* x : {&j.j0, &j.j1, &j.j2}) x->im = turned * x->im;
  if (!(re > 0.0)) return j;
  const double rest = re * re - im[0] * im[0];
  if (rest < -200.0) {  // the whole is nothing beside J(−a)
    j.j0 = -1.0 * j.j0;
    j.j2 = -1.0 * j.j2;
    return j;
  }
  const Complex a{broadcast(re), im}, whole = 2.0 * square_exponential(re, im);
  j.j0 = whole - j.j0;
  if (more) {
    Complex second = a * a;
    second.re += 1.0;
    j.j1 = a * whole + j.j1;
    j.j2 = second * whole - j.j2;
  }
  return j;
}

}  // namespace skeleta::exact
