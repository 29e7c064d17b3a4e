#pragma once

#include <algorithm>
#include <cmath>

/// The integrals over one and two active features that have a closed form (mathematics.md,
/// Proposition 1.6 and mathematics.md, Proposition 1.8).
///
/// One feature: the pre-activation minus its threshold is the line u(t) = a t − c on [0, 1]. All
/// that the ReLU leaves of it is a Ramp: its positive parts at both ends and the fraction of [0, 1]
/// where it is positive. Every formula below is a sum of non-negative terms in these three numbers,
/// so the relative error is a few ε, also where the textbook polynomials in a and c cancel.
///
/// Two features: for fixed t₁ the inner integral is a one-feature form with threshold c − a₁t₁. In
/// t₁ it is a polynomial of degree ≤ 3 between the two points where an end of the inner ramp
/// changes sign, so Gauss's 2-point rule on these ≤ 3 pieces is exact; its weights are positive.
///
/// Domain: finite a, c whose squares do not overflow. Branch-free: loops over them vectorise.
namespace skeleta::exact {

/// What the ReLU leaves of u(t) = a t − c on [0, 1].
struct Ramp {
  double left;      ///< u(0)₊
  double right;     ///< u(1)₊
  double fraction;  ///< Length of {t : u(t) > 0}.
  bool whole;       ///< u ≥ 0 on [0, 1], and not identically 0; if not, left or right is 0.
};

inline Ramp ramp(double a, double c) {
  const double u0 = -c, u1 = a - c;
  const double left = u0 > 0.0 ? u0 : 0.0, right = u1 > 0.0 ? u1 : 0.0;
  const bool whole = u0 >= 0.0 && u1 >= 0.0 && u0 + u1 > 0.0;
  const double slope = a == 0.0 ? 1.0 : a;
  return {left, right, whole ? 1.0 : (right - left) / slope, whole};
}

/// φ(a; c) = ∫₀¹ (a t − c)₊² dt.
inline double phi(double a, double c) {
  const Ramp u = ramp(a, c);
  return u.fraction * (u.left * u.left + u.left * u.right + u.right * u.right) * (1.0 / 3.0);
}

/// φ₁(a; c) = ∫₀¹ (a t − c)₊ dt.
inline double phi1(double a, double c) {
  const Ramp u = ramp(a, c);
  return u.fraction * (u.left + u.right) * 0.5;
}

/// ψ(a; c) = ∫₀¹ t (a t − c)₊ dt. For 0 ≤ c < a this is (a − c)²(2a + c)/(6a²).
inline double psi(double a, double c) {
  const Ramp u = ramp(a, c);
  return u.whole ? (u.left + 2.0 * u.right) * (1.0 / 6.0)
                 : u.fraction * (u.right * (3.0 - u.fraction) + u.left * u.fraction) * (1.0 / 6.0);
}

/// ∫₀¹ 1{a t > c} dt.
inline double above(double a, double c) {
  return ramp(a, c).fraction;
}

/// ∫₀¹ t 1{a t > c} dt.
inline double above_t(double a, double c) {
  const Ramp u = ramp(a, c);
  const double rising = u.fraction * (2.0 - u.fraction), falling = u.fraction * u.fraction;
  return u.whole ? 0.5 : 0.5 * (u.right > 0.0 ? rising : falling);
}

/// ∫₀¹ t² 1{a t > c} dt.
inline double above_tt(double a, double c) {
  const Ramp u = ramp(a, c);
  const double f = u.fraction;
  const double rising = f * (3.0 - 3.0 * f + f * f), falling = f * f * f;
  return u.whole ? 1.0 / 3.0 : (u.right > 0.0 ? rising : falling) * (1.0 / 3.0);
}

/// ∫₀¹ (x − (a t − c)₊)² dt: the mean squared error of an output whose feature has the value x,
/// when one other feature is active.
inline double error_of_value(double x, double a, double c) {
  const Ramp u = ramp(a, c);
  const double r0 = x - u.left, r1 = x - u.right;
  const double r = x - (u.left + u.right);
  return u.whole ? (r0 * r0 + r0 * r1 + r1 * r1) * (1.0 / 3.0)
                 : (1.0 - u.fraction) * x * x + u.fraction * (x * x + x * r + r * r) * (1.0 / 3.0);
}

/// ∫₀¹ (t − (a t − c)₊)² dt = 1/3 − 2ψ + φ, without the cancellation: the mean squared error of an
/// output whose own feature is the only active one.
inline double own_error(double a, double c) {
  const Ramp u = ramp(a, c);
  const double f = u.fraction, zero = 1.0 - f;  // falling: u = 0 at t = f; rising: at t = 1 − f
  const double r0 = -u.left, r1 = 1.0 - u.right;
  const double whole = (r0 * r0 + r0 * r1 + r1 * r1) * (1.0 / 3.0);
  const double rising =
      (zero * zero * zero + f * (zero * zero + zero * r1 + r1 * r1)) * (1.0 / 3.0);
  const double falling = (f * (r0 * r0 + r0 * f + f * f) + zero * (1.0 + f + f * f)) * (1.0 / 3.0);
  return u.whole ? whole : (u.right > 0.0 ? rising : falling);
}

/// ∫₀¹ inner(t, c − a₁t) dt for an inner integral over t₂ of a function of (a₂t₂ − (c − a₁t))₊.
/// Exact if it is a polynomial in t of degree ≤ 3 on each piece (see the head of this file).
template <class Inner>
inline auto over_square(double a1, double a2, double c, Inner inner) {
  const auto piece = [&](double from, double to) {
    constexpr double gauss = 0.57735026918962576451;  // 1/√3
    const double middle = 0.5 * (from + to), half = 0.5 * (to - from);
    const double t0 = middle - gauss * half, t1 = middle + gauss * half;
    return half * (inner(t0, c - a1 * t0) + inner(t1, c - a1 * t1));
  };
  const auto clamp = [](double t) { return t < 0.0 ? 0.0 : t > 1.0 ? 1.0 : t; };
  const double slope = a1 == 0.0 ? 1.0 : a1;
  const double p = clamp(c / slope), q = clamp((c - a2) / slope);
  const double first = p < q ? p : q, second = p < q ? q : p;
  return piece(0.0, first) + piece(first, second) + piece(second, 1.0);
}

/// ∫∫ (a₁t₁ + a₂t₂ − c)₊².
inline double phi_pair(double a1, double a2, double c) {
  return over_square(a1, a2, c, [=](double, double rest) { return phi(a2, rest); });
}

/// ∫∫ t₁ (a₁t₁ + a₂t₂ − c)₊.
inline double psi_pair(double a1, double a2, double c) {
  return over_square(a1, a2, c, [=](double t, double rest) { return t * phi1(a2, rest); });
}

/// ∫∫ (t₁ − (a₁t₁ + a₂t₂ − c)₊)²: the error of output 1 when features 1 and 2 are active.
inline double own_error_pair(double a1, double a2, double c) {
  return over_square(a1, a2, c, [=](double t, double rest) { return error_of_value(t, a2, rest); });
}

/// ∫∫ t₁ 1{a₁t₁ + a₂t₂ > c}.
inline double above_pair_t(double a1, double a2, double c) {
  return over_square(a1, a2, c, [=](double t, double rest) { return t * above(a2, rest); });
}

/// ∫∫ t₁² 1{a₁t₁ + a₂t₂ > c}.
inline double above_pair_tt(double a1, double a2, double c) {
  return over_square(a1, a2, c, [=](double t, double rest) { return t * t * above(a2, rest); });
}

/// ∫∫ t₁t₂ 1{a₁t₁ + a₂t₂ > c}.
inline double above_pair_product(double a1, double a2, double c) {
  return over_square(a1, a2, c, [=](double t, double rest) { return t * above_t(a2, rest); });
}

/// Integrals over the square of a weight times the monomials 1, t₁, t₂, t₁², t₁t₂, t₂².
struct SquareMoments {
  double one, t1, t2, t11, t12, t22;

  SquareMoments operator+(const SquareMoments& o) const {
    return {one + o.one, t1 + o.t1, t2 + o.t2, t11 + o.t11, t12 + o.t12, t22 + o.t22};
  }
  friend SquareMoments operator*(double s, const SquareMoments& x) {
    return {s * x.one, s * x.t1, s * x.t2, s * x.t11, s * x.t12, s * x.t22};
  }
};

/// Of the weight 1{a₁t₁ + a₂t₂ > c}.
inline SquareMoments above_square(double a1, double a2, double c) {
  return over_square(a1, a2, c, [=](double t, double rest) {
    const double f = above(a2, rest), ft = above_t(a2, rest);
    return SquareMoments{f, t * f, ft, t * t * f, t * ft, above_tt(a2, rest)};
  });
}

/// ∫₀¹ tⁿ δ(a t − c) dt = τⁿ/|a| for τ = c/a within (0, 1), else 0: τ, and 1/|a| or 0.
struct Crossing {
  double at, density;
};
inline Crossing crossing(double a, double c) {
  const double at = a == 0.0 ? 0.0 : c / a;
  const bool inside = at > 0.0 && at < 1.0;
  return {inside ? at : 0.0, inside ? 1.0 / std::abs(a) : 0.0};
}

/// Of the weight t₁ δ(a₁t₁ + a₂t₂ − c): along the segment on which it sits, seen from the variable
/// with the smaller entry, all is a cubic: Gauss's 2-point rule is exact.
inline SquareMoments on_line(double a1, double a2, double c) {
  const bool by_second = std::abs(a1) >= std::abs(a2);  // t₁ is eliminated
  const double large = by_second ? a1 : a2, small = by_second ? a2 : a1;
  if (large == 0.0) return {};
  // 0 ≤ (c − small t)/large ≤ 1
  double from = 0.0, to = 1.0;
  if (small == 0.0) {
    const double at = c / large;
    if (!(at > 0.0 && at < 1.0)) return {};
  } else {
    const double p = c / small, q = (c - large) / small;
    from = std::max(from, std::min(p, q));
    to = std::min(to, std::max(p, q));
    if (!(from < to)) return {};
  }
  constexpr double gauss = 0.57735026918962576451;  // 1/√3
  const double middle = 0.5 * (from + to), half = 0.5 * (to - from);
  SquareMoments sum{};
  for (const double t : {middle - gauss * half, middle + gauss * half}) {
    const double other = (c - small * t) / large;
    const double t1 = by_second ? other : t, t2 = by_second ? t : other;
    sum = sum + t1 * SquareMoments{1.0, t1, t2, t1 * t1, t1 * t2, t2 * t2};
  }
  return (half / std::abs(large)) * sum;
}

}  // namespace skeleta::exact
