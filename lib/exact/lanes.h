#pragma once

#include "core/registers.h"
#include "skeleta/core/types.h"

/// Eight doubles side by side, and the few functions of them that the contour sums need: one
/// register where registers have 512 bits, pairs of shorter ones elsewhere. (A vector type
/// of 64 bytes would be moved through memory there, at six times the time.) Their place in memory
/// is the same for all lengths.
// Without 512-bit registers GCC warns that functions of such vectors have another calling
// convention than with them. All functions here are inlined, none is called across libraries.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

namespace skeleta::exact {

constexpr Index lane_count = 8;

#define SKELETA_INLINE inline __attribute__((always_inline))
/// Of what takes so long, or happens so rarely, that a call costs nothing: each copy would cost
/// tenths of a second to compile.
#define SKELETA_CALLED inline __attribute__((noinline))

// GCC's and Clang's vector extension.
using Register = double __attribute__((vector_size(register_bytes)));
using RegisterBits = long long __attribute__((vector_size(register_bytes)));
constexpr int register_lanes = register_bytes / static_cast<int>(sizeof(double));
// Wherever doubles may lie. (Clang ignores `aligned` on the right-hand side of an alias.)
using LooseRegister __attribute__((aligned(alignof(double)))) = Register;
static_assert(alignof(LooseRegister) == alignof(double));

template <class Half>
struct alignas(2 * sizeof(Half)) Pair {
  Half low, high;

  SKELETA_INLINE double operator[](int lane) const {
    constexpr int half = static_cast<int>(sizeof(Half) / sizeof(double));
    return lane < half ? low[lane] : high[lane - half];
  }
};

template <int bytes>
struct LanesOf {
  using Type = Pair<typename LanesOf<bytes / 2>::Type>;
};
template <>
struct LanesOf<register_bytes> {
  using Type = Register;
};
using Lanes = LanesOf<64>::Type;
/// Of loops over groups of lanes, so many at once: more than one pays where a group is a register.
constexpr int unrolled = register_bytes / 16;

#define SKELETA_OPERATOR(op)                                                        \
  template <class Half>                                                             \
  SKELETA_INLINE Pair<Half> operator op(const Pair<Half>& x, const Pair<Half>& y) { \
    return {x.low op y.low, x.high op y.high};                                      \
  }                                                                                 \
  template <class Half>                                                             \
  SKELETA_INLINE Pair<Half> operator op(const Pair<Half>& x, double y) {            \
    return {x.low op y, x.high op y};                                               \
  }                                                                                 \
  template <class Half>                                                             \
  SKELETA_INLINE Pair<Half> operator op(double x, const Pair<Half>& y) {            \
    return {x op y.low, x op y.high};                                               \
  }                                                                                 \
  template <class Half, class Other>                                                \
  SKELETA_INLINE Pair<Half>& operator op##=(Pair<Half>& x, const Other& y) {        \
    return x = x op y;                                                              \
  }
SKELETA_OPERATOR(+)
SKELETA_OPERATOR(-)
SKELETA_OPERATOR(*)
SKELETA_OPERATOR(/)
#undef SKELETA_OPERATOR

template <class Half>
SKELETA_INLINE Pair<Half> operator-(const Pair<Half>& x) {
  return {-x.low, -x.high};
}

// Each function of registers, then of pairs.

SKELETA_INLINE void load(const double* p, Register& x) {
  x = *reinterpret_cast<const LooseRegister*>(p);
}
template <class Half>
SKELETA_INLINE void load(const double* p, Pair<Half>& x) {
  load(p, x.low);
  load(p + sizeof(Half) / sizeof(double), x.high);
}
SKELETA_INLINE Lanes load(const double* p) {
  Lanes x;
  load(p, x);
  return x;
}

SKELETA_INLINE void store(double* p, const Register& x) {
  *reinterpret_cast<LooseRegister*>(p) = x;
}
template <class Half>
SKELETA_INLINE void store(double* p, const Pair<Half>& x) {
  store(p, x.low);
  store(p + sizeof(Half) / sizeof(double), x.high);
}

SKELETA_INLINE void broadcast(double value, Register& x) {
  x = Register{} + value;
}
template <class Half>
SKELETA_INLINE void broadcast(double value, Pair<Half>& x) {
  broadcast(value, x.low);
  x.high = x.low;
}
SKELETA_INLINE Lanes broadcast(double value) {
  Lanes x;
  broadcast(value, x);
  return x;
}

SKELETA_INLINE void set(Register& x, int lane, double value) {
  x[lane] = value;
}
template <class Half>
SKELETA_INLINE void set(Pair<Half>& x, int lane, double value) {
  constexpr int half = static_cast<int>(sizeof(Half) / sizeof(double));
  lane < half ? set(x.low, lane, value) : set(x.high, lane - half, value);
}

/// first, first + 1, …, first + 7
SKELETA_INLINE Lanes counting(double first) {
  static constexpr double numbers[lane_count] = {0, 1, 2, 3, 4, 5, 6, 7};
  return load(numbers) + first;
}

template <int count = register_lanes>
SKELETA_INLINE double sum(const Register& x, int first = 0) {
  if constexpr (count == 1) return x[first];
  if constexpr (count > 1) return sum<count / 2>(x, first) + sum<count / 2>(x, first + count / 2);
}
template <class Half>
SKELETA_INLINE double sum(const Pair<Half>& x) {
  return sum(x.low) + sum(x.high);
}

template <int count = register_lanes>
SKELETA_INLINE double product(const Register& x, int first = 0) {
  if constexpr (count == 1) return x[first];
  if constexpr (count > 1)
    return product<count / 2>(x, first) * product<count / 2>(x, first + count / 2);
}
template <class Half>
SKELETA_INLINE double product(const Pair<Half>& x) {
  return product(x.low) * product(x.high);
}

SKELETA_INLINE Register smaller(const Register& x, const Register& y) {
  return x < y ? x : y;
}
template <class Half>
SKELETA_INLINE Pair<Half> smaller(const Pair<Half>& x, const Pair<Half>& y) {
  return {smaller(x.low, y.low), smaller(x.high, y.high)};
}

/// x < y ? a : b
SKELETA_INLINE Register if_less(const Register& x, const Register& y, const Register& a,
                                const Register& b) {
  return x < y ? a : b;
}
template <class Half>
SKELETA_INLINE Pair<Half> if_less(const Pair<Half>& x, const Pair<Half>& y, const Pair<Half>& a,
                                  const Pair<Half>& b) {
  return {if_less(x.low, y.low, a.low, b.low), if_less(x.high, y.high, a.high, b.high)};
}

/// 2^n, where the low bits of `shifted` hold n: moved to the exponent of 1.0 they make it.
SKELETA_INLINE Register power_of_2(const Register& shifted) {
  const Register one = Register{} + 1.0;
  return (Register)((RegisterBits)one + ((RegisterBits)shifted << 52));
}
template <class Half>
SKELETA_INLINE Pair<Half> power_of_2(const Pair<Half>& shifted) {
  return {power_of_2(shifted.low), power_of_2(shifted.high)};
}

/// Takes the exponents out of x > 0 and adds them to `exponents`.
SKELETA_INLINE void take_exponents(Register& x, Register& exponents) {
  const RegisterBits bits = (RegisterBits)x;
  exponents += __builtin_convertvector((bits >> 52) - 1023, Register);
  x = (Register)((bits & 0x000fffffffffffffLL) | (RegisterBits)(Register{} + 1.0));
}
template <class Half>
SKELETA_INLINE void take_exponents(Pair<Half>& x, Pair<Half>& exponents) {
  take_exponents(x.low, exponents.low);
  take_exponents(x.high, exponents.high);
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

/// 2^n and e^r − 1 of x = n log 2 + r, |r| ≤ log(2)/2, for |x| ≤ 700 (larger arguments are
/// clamped).
struct Exponential {
  Lanes scale, p;
};

/// Taylor polynomial of e^r − 1 (remainder 2e-18).
SKELETA_INLINE Exponential reduced_exponential(const Lanes& argument) {
  constexpr double round = 0x1.8p52, log2_high = 0x1.62e42fefa38p-1,
                   log2_low = 0x1.ef35793c7673p-45;
  const Lanes below = smaller(argument, broadcast(700.0));
  const Lanes x = -smaller(-below, broadcast(700.0));
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
  return {power_of_2(shifted), p};
}

/// e^x − 1 for |x| ≤ 700 (larger arguments are clamped); relative error a few ε, also for tiny x.
SKELETA_INLINE Lanes exp_minus_1(const Lanes& argument) {
  const Exponential e = reduced_exponential(argument);
  return e.scale * e.p + (e.scale - 1.0);
}

/// e^x, likewise.
SKELETA_INLINE Lanes exponential(const Lanes& argument) {
  const Exponential e = reduced_exponential(argument);
  return e.scale * e.p + e.scale;
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
