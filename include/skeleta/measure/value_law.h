#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <string_view>

#include "skeleta/core/names.h"
#include "skeleta/core/types.h"

namespace skeleta {

/// The kinds of value laws. The numbers are those in files.
enum class ValueKind : std::uint8_t {
  uniform = 0,      ///< on [first, second]
  constant = 1,     ///< first
  exponential = 2,  ///< of mean `first`
  half_normal = 3,  ///< |X|, X normal of mean 0 and standard deviation `first`
  normal = 4        ///< of mean `first` and standard deviation `second`
};

/// Names of the enumeration, in its order.
constexpr auto names_of(ValueKind) {
  return std::to_array<std::string_view>(
      {"uniform", "constant", "exponential", "half-normal", "normal"});
}

/// E U^k e^{aU} = e^{log_scale} value[k] for k = 0, …, 4: the transform of a value law and its
/// derivatives in a.
struct ExponentialMoments {
  double log_scale = 0.0;                     ///< Real.
  std::array<std::complex<double>, 5> value;  ///< By k.
};

/// The law of a feature's value U while the feature is active (mathematics.md, Proposition 11.1): a
/// kind and two numbers. All that an engine asks of it is here, so that no engine knows a kind.
class ValueLaw {
 public:
  static constexpr int most_powers = 4;  ///< Largest k of E U^k e^{aU} and of partial moments.

  ValueLaw() = default;  ///< Uniform on [0, 1].

  /// All of them throw std::invalid_argument unless the numbers are finite, least < most, and mean,
  /// scale > 0, deviation ≥ 0 (0 gives the constant). A constant may be 0: then x = 0, but the
  /// feature still counts as active.
  static ValueLaw uniform(double least, double most);
  static ValueLaw constant(double value);                 ///< Likewise: U = value.
  static ValueLaw exponential(double mean);               ///< Likewise: density e^{−u/mean}/mean.
  static ValueLaw half_normal(double scale);              ///< Likewise: |X|, X normal(0, scale).
  static ValueLaw normal(double mean, double deviation);  ///< Likewise.
  /// Of the numbers that a file has; `second` is ignored where the kind has only one.
  static ValueLaw of(ValueKind kind, double first, double second);

  ValueKind kind() const { return kind_; }           ///< Which law.
  double first() const { return first_; }            ///< What it is of each kind: ValueKind.
  double second() const { return second_; }          ///< 0 where the kind has one number.
  bool operator==(const ValueLaw&) const = default;  ///< Kind and numbers alike.
  /// The largest of its numbers in absolute value: of the size of what U is, 0 only if U = 0.
  double size() const;
  /// The law of 2^exponent · U, to the bit where the numbers of both are normal.
  ValueLaw scaled(int exponent) const;

  /// The support: U ∈ [least, most]; infinite ends are possible.
  double least() const;
  double most() const;  ///< Its upper end.
  /// P(U < 0) = 0?
  bool non_negative() const { return least() >= 0.0; }
  /// True if U is one number with certainty: then transforms do not decay along a contour.
  bool has_atoms() const { return kind_ == ValueKind::constant; }
  /// E e^{aU} is finite for Re a below this; there is no limit on the other side.
  double strip() const;

  /// E U^k, k ≥ 0. Relative error some k·ε; the odd moments of a law around 0 are as precise as
  /// its centre is.
  double moment(int k) const;
  /// E |U|^k, 0 ≤ k ≤ most_powers.
  double absolute_moment(int k) const { return excess(k, 0.0) + shortfall(k, 0.0); }

  /// E (U − t)₊^n, 0 ≤ n ≤ most_powers; P(U > t) for n = 0. Relative error some 100 ε, also in the
  /// far tail.
  double excess(int n, double t) const;
  /// E (t − U)₊^n, likewise; P(U < t) for n = 0.
  double shortfall(int n, double t) const;
  /// E U^j (gU − c)₊^n, j, n ≥ 0, j + n ≤ most_powers; n = 0 is 1{gU > c}. Error some 100 ε times
  /// E |U|^j (|gU| + |c|)^n.
  double ramp_moment(int j, int n, double g, double c) const;

  /// E U^k e^{aU}, k ≤ most_powers, for Re a < strip(). The scale depends on Re a alone, so along a
  /// contour it is one number, and value[0] is of order 1 at most. Error some 100 ε (half-normal,
  /// k > 2: 1000 ε) relative to E|U|^k e^{Re a U}, besides what an error of ε in a makes: nothing
  /// cancels near a = 0, for large |a| or for narrow intervals. Half-normal: Matta & Reichel's sum
  /// for the complex error function (lib/measure/half_line.h).
  ExponentialMoments exponential_moments(std::complex<double> a) const;

  /// The log_scale of exponential_moments at Re a = re.
  double log_scale(double re) const;

  /// A bound on E |U|^k e^{Re a U}, k ≤ 2, and on |E U^k e^{a'U}| for all a' with Re a' = Re a and
  /// |Im a'| ≥ |Im a|, over e^{log_scale(Re a)}; Re a < strip(). Total variation of the integrand
  /// over |Im a|; Gaussian decay for the normal law, none for a constant.
  double transform_bound(int k, std::complex<double> a) const;

  /// The u-quantile, 0 < u ≤ 1 (1 counts as the largest number below it): increasing, so one
  /// uniform number, plain or quasi-random, gives one value.
  double quantile(double u) const;

 private:
  ValueLaw(ValueKind kind, double first, double second)
      : kind_(kind), first_(first), second_(second) {}

  ValueKind kind_ = ValueKind::uniform;
  double first_ = 0.0, second_ = 1.0;
};

// Moments of x_j = B_j U_j with uniform values on [0, 1] (measure/features.h), D entries each, from
// the densities. Expressions of Eigen: `density` must be there when they are evaluated.

/// E x_j = p_j/2.
inline auto means(const Vector& density) {
  return density / 2.0;
}

/// E x_j² = p_j/3.
inline auto second_moments(const Vector& density) {
  return density / 3.0;
}

}  // namespace skeleta
