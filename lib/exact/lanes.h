#pragma once

#include "skeleta/core/types.h"

/// Eight doubles side by side, and the few functions of them that the contour sums need.
/// GCC's and Clang's vector extension: one 512-bit register where there is one, several narrower
/// ones elsewhere; the arithmetic is the same.
// Without 512-bit registers GCC warns that functions of such vectors have another calling
// convention than with them. All functions here are inlined, none is called across libraries.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

namespace skeleta::exact {

constexpr Index lane_count = 8;

using Lanes = double __attribute__((vector_size(64)));
using LaneBits = long long __attribute__((vector_size(64)));

#define SKELETA_INLINE inline __attribute__((always_inline))

SKELETA_INLINE Lanes load(const double* p) {
  using Loose = double __attribute__((vector_size(64), aligned(8)));
  return *reinterpret_cast<const Loose*>(p);
}

SKELETA_INLINE void store(double* p, const Lanes& x) {
  using Loose = double __attribute__((vector_size(64), aligned(8)));
  *reinterpret_cast<Loose*>(p) = x;
}

SKELETA_INLINE Lanes broadcast(double x) {
  return Lanes{x, x, x, x, x, x, x, x};
}

/// first, first + 1, …, first + 7
SKELETA_INLINE Lanes counting(double first) {
  return broadcast(first) + Lanes{0, 1, 2, 3, 4, 5, 6, 7};
}

SKELETA_INLINE double sum(const Lanes& x) {
  return ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]));
}

SKELETA_INLINE double product(const Lanes& x) {
  return ((x[0] * x[1]) * (x[2] * x[3])) * ((x[4] * x[5]) * (x[6] * x[7]));
}

SKELETA_INLINE Lanes smaller(const Lanes& x, const Lanes& y) {
  return x < y ? x : y;
}

SKELETA_INLINE Lanes magnitude(const Lanes& x) {
  return x < 0.0 ? -x : x;
}

/// Eight complex numbers.
struct Complex {
  Lanes re, im;
};

SKELETA_INLINE Complex operator+(const Complex& x, const Complex& y) {
  return {x.re + y.re, x.im + y.im};
}
SKELETA_INLINE Complex operator-(const Complex& x, const Complex& y) {
  return {x.re - y.re, x.im - y.im};
}
SKELETA_INLINE Complex operator*(const Complex& x, const Complex& y) {
  return {x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re};
}
SKELETA_INLINE Complex operator*(const Lanes& x, const Complex& y) {
  return {x * y.re, x * y.im};
}
SKELETA_INLINE Complex operator*(double x, const Complex& y) {
  return {x * y.re, x * y.im};
}
/// x + y·z in 4 fused operations.
SKELETA_INLINE Complex add_product(const Complex& x, const Complex& y, const Complex& z) {
  return {(x.re + y.re * z.re) - y.im * z.im, (x.im + y.re * z.im) + y.im * z.re};
}
/// Re(x y)
SKELETA_INLINE Lanes real_product(const Complex& x, const Complex& y) {
  return x.re * y.re - x.im * y.im;
}

/// e^x − 1 for |x| ≤ 700 (larger arguments are clamped): x = n log 2 + r, Taylor polynomial of
/// e^r − 1 for |r| ≤ log(2)/2 (remainder 2e-18); relative error a few ε, also for tiny x.
SKELETA_INLINE Lanes exp_minus_1(Lanes x) {
  constexpr double round = 0x1.8p52, log2_high = 0x1.62e42fefa38p-1,
                   log2_low = 0x1.ef35793c7673p-45;
  x = x > 700.0 ? broadcast(700.0) : x;
  x = x < -700.0 ? broadcast(-700.0) : x;
  const Lanes shifted = x * 1.4426950408889634 + round;
  const Lanes n = shifted - round;
  const Lanes r = (x - n * log2_high) - n * log2_low;
  Lanes p = broadcast(1.0 / 6227020800.0);
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * (r * r) + r;
  // The low bits of `shifted` hold n; moved to the exponent of 1.0 they make 2^n.
  const Lanes scale = (Lanes)((LaneBits)broadcast(1.0) + ((LaneBits)shifted << 52));
  return scale * p + (scale - 1.0);
}

/// e^{2πi t} − 1, both parts with small relative error as t → 0; absolute error a few ε, plus 2π
/// times the error of t. With y = π(t − round t)/2, |y| ≤ π/4: Taylor polynomials of sin y and
/// 1 − cos y (remainders 5e-17), then two doublings of the angle without cancellation.
SKELETA_INLINE Complex turn_minus_1(const Lanes& t) {
  constexpr double round = 0x1.8p52;
  const Lanes y = (t - ((t + round) - round)) * 1.57079632679489661923;
  const Lanes z = y * y;
  Lanes s = broadcast(-1.0 / 1307674368000.0);
  s = s * z + 1.0 / 6227020800.0;
  s = s * z - 1.0 / 39916800.0;
  s = s * z + 1.0 / 362880.0;
  s = s * z - 1.0 / 5040.0;
  s = s * z + 1.0 / 120.0;
  s = s * z - 1.0 / 6.0;
  s = (s * z) * y + y;
  Lanes c = broadcast(1.0 / 20922789888000.0);
  c = c * z - 1.0 / 87178291200.0;
  c = c * z + 1.0 / 479001600.0;
  c = c * z - 1.0 / 3628800.0;
  c = c * z + 1.0 / 40320.0;
  c = c * z - 1.0 / 720.0;
  c = c * z + 1.0 / 24.0;
  c = 1.0 - z * (0.5 - c * z);
  const Lanes sine = 2.0 * s * c, cosine = 1.0 - 2.0 * s * s;  // of 2y
  return {-2.0 * sine * sine, 2.0 * sine * cosine};
}

}  // namespace skeleta::exact
