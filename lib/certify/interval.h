#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace skeleta::certify {

/// The numbers next to x, or the next but one. Proof: Rump, Zimmermann, Boldo, Melquiond,
/// "Computing predecessor and successor in rounding to nearest", BIT 49 (2009), theorem 2.2: with
/// u = 2⁻⁵³, φ = u(1 + 2u), η = 2⁻¹⁰⁷⁴ and c = fl(fl(φ|x|) + η), fl(x − c) ≤ pred(x) and
/// fl(x + c) ≥ succ(x) for every finite x; all the more with a larger φ. Here it is u(1 + 8u), so
/// that it also holds where the compiler joins the operation that x comes from, x = fl(p), with the
/// subtraction (FMA): c ≥ u(1 + 8u)(1 − u)|p| > u(|p| + c), so that fl(p − c) ≤ p.
/// No rounding mode, hardly a branch: it may be vectorised, and run by many threads.
/// A result +∞ may stand for a finite number: below it is the largest of those.
inline double below(double x) {
  constexpr double u = 0x1p-53, phi = u * (1.0 + 8.0 * u), eta = 0x1p-1074;
  if (x == std::numeric_limits<double>::infinity()) return std::numeric_limits<double>::max();
  return x - (std::abs(x) * phi + eta);
}
/// −below(−x).
inline double above(double x) {
  return -below(-x);
}

/// A closed interval of reals that holds the result of each operation for every choice of operands
/// from theirs. An operation of IEEE 754 is off by at most half the distance to a neighbour, so the
/// neighbour of a result, outwards, is beyond the true one. That is all the rounding there is in a
/// proof: no number of it is rounded elsewhere. Operands are finite, with lo ≤ hi; a NaN (∞ − ∞)
/// makes every comparison false, and a proof needs comparisons to be true.
struct Interval {
  double lo = 0.0;
  double hi = 0.0;

  constexpr Interval() = default;
  constexpr Interval(double x) : lo(x), hi(x) {}  // NOLINT: a number is an interval
  constexpr Interval(double low, double high) : lo(low), hi(high) {}

  double middle() const { return 0.5 * lo + 0.5 * hi; }  ///< A number of the interval.
  double width() const { return above(hi - lo); }        ///< At least hi − lo.
  bool holds(double x) const { return lo <= x && x <= hi; }
  bool holds(const Interval& x) const { return lo <= x.lo && x.hi <= hi; }
};

inline Interval operator-(const Interval& x) {
  return {-x.hi, -x.lo};
}
inline Interval operator+(const Interval& x, const Interval& y) {
  return {below(x.lo + y.lo), above(x.hi + y.hi)};
}
inline Interval operator-(const Interval& x, const Interval& y) {
  return {below(x.lo - y.hi), above(x.hi - y.lo)};
}
inline Interval operator*(const Interval& x, const Interval& y) {
  if (x.lo >= 0.0 && y.lo >= 0.0) {  // most often
    return {std::max(below(x.lo * y.lo), 0.0), above(x.hi * y.hi)};
  }
  const double a = x.lo * y.lo, b = x.lo * y.hi, c = x.hi * y.lo, d = x.hi * y.hi;
  return {below(std::min(std::min(a, b), std::min(c, d))),
          above(std::max(std::max(a, b), std::max(c, d)))};
}
/// y must not hold 0; if it does, the result is the whole line.
inline Interval operator/(const Interval& x, const Interval& y) {
  if (!(y.lo > 0.0 || y.hi < 0.0)) {
    return {-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
  }
  if (x.lo >= 0.0 && y.lo > 0.0) {
    return {std::max(below(x.lo / y.hi), 0.0), above(x.hi / y.lo)};
  }
  const double a = x.lo / y.lo, b = x.lo / y.hi, c = x.hi / y.lo, d = x.hi / y.hi;
  return {below(std::min(std::min(a, b), std::min(c, d))),
          above(std::max(std::max(a, b), std::max(c, d)))};
}

/// {x² : x}: not x·x, which forgets that both are the same number.
inline Interval square(const Interval& x) {
  const double least = x.lo > 0.0 ? x.lo : (x.hi < 0.0 ? -x.hi : 0.0);
  const double most = std::max(-x.lo, x.hi);
  return {std::max(below(least * least), 0.0), above(most * most)};
}
/// {x³ : x}.
inline Interval cube(const Interval& x) {
  const auto of = [](double y) { return Interval(y) * square(Interval(y)); };
  return {of(x.lo).lo, of(x.hi).hi};
}
/// {xⁿ : x}, n ≥ 0.
inline Interval power(const Interval& x, int n) {
  if (n == 0) return 1.0;
  const Interval half = power(x, n / 2);
  return n % 2 == 0 ? square(half) : square(half) * x;
}
/// {√x : x ≥ 0 in the interval}; hi ≥ 0.
inline Interval root(const Interval& x) {
  return {std::max(below(std::sqrt(std::max(x.lo, 0.0))), 0.0), above(std::sqrt(x.hi))};
}

inline Interval hull(const Interval& x, const Interval& y) {
  return {std::min(x.lo, y.lo), std::max(x.hi, y.hi)};
}
/// What both hold: lo > hi if there is nothing.
inline Interval common(const Interval& x, const Interval& y) {
  return {std::max(x.lo, y.lo), std::min(x.hi, y.hi)};
}
/// {min(x, y)}.
inline Interval lesser(const Interval& x, const Interval& y) {
  return {std::min(x.lo, y.lo), std::min(x.hi, y.hi)};
}
/// {max(x, y)}.
inline Interval greater(const Interval& x, const Interval& y) {
  return {std::max(x.lo, y.lo), std::max(x.hi, y.hi)};
}

/// π, between neighbouring numbers: 3.14159265358979311599796346854… and the next.
inline constexpr Interval pi{0x1.921fb54442d18p1, 0x1.921fb54442d19p1};

namespace detail {
/// Of a number |x| ≤ 0.8: Σ_{k<n} (−1)^k x^{2k+odd}/(2k+odd)!, an alternating series whose terms
/// fall, so that the rest is no larger than the next term, which is below 1e-22.
inline Interval alternating(const Interval& x, int odd) {
  constexpr int terms = 10;
  const Interval y = square(x);
  Interval sum = 1.0;
  for (int k = terms - 1; k >= 1; --k) {
    const double first = 2.0 * k + odd;
    sum = Interval(1.0) - y / Interval(first * (first - 1.0)) * sum;
  }
  sum = sum + Interval(-1e-20, 1e-20);
  return odd == 1 ? x * sum : sum;
}
/// cos(x + turns·π/2) of a number |x| ≤ 1e6.
inline Interval cos_at(double x, int turns) {
  const double n = std::nearbyint(x / (0.5 * pi.lo));
  const Interval rest = Interval(x) - Interval(n) * (pi * Interval(0.5));
  const int quarter = static_cast<int>((static_cast<long>(n) + turns) & 3);
  const Interval value = alternating(rest, quarter & 1);
  const Interval signed_value = quarter == 1 || quarter == 2 ? -value : value;
  return common(signed_value, {-1.0, 1.0});
}
/// cos(x + turns·π/2) over an interval: at its ends, and ±1 where it may hold a multiple of π.
inline Interval cos_of(const Interval& x, int turns) {
  if (!(x.lo >= -1e6 && x.hi <= 1e6 && x.width() < 3.0)) return {-1.0, 1.0};
  Interval result = hull(cos_at(x.lo, turns), cos_at(x.hi, turns));
  const Interval half_turns = x / pi + Interval(0.5 * turns);
  const double first = std::ceil(half_turns.lo);
  if (first <= half_turns.hi) {
    const double extreme = std::fmod(first, 2.0) == 0.0 ? 1.0 : -1.0;
    result = hull(result, extreme);
  }
  return result;
}
}  // namespace detail

/// {cos x}: no function of the C library is trusted; wider than the true range by a few units in
/// the last place of 1 (|x| ≤ 10), and of x beyond that.
inline Interval cos(const Interval& x) {
  return detail::cos_of(x, 0);
}
/// {sin x}, as cos.
inline Interval sin(const Interval& x) {
  return detail::cos_of(x, 3);
}

}  // namespace skeleta::certify
