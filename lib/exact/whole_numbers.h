#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <vector>

/// Rational numbers made of whole ones of any length: nothing is rounded but at the very end, and
/// there by a comparison of whole numbers. No floating-point operation is trusted.
namespace skeleta::exact {

using Integer = boost::multiprecision::cpp_int;

/// numerator · 2^exponent, with an odd numerator, or 0: every finite double is one.
struct Dyadic {
  Integer numerator = 0;
  long exponent = 0;

  Dyadic() = default;
  /// x is finite.
  explicit Dyadic(double x);
};
Dyadic operator*(const Dyadic& x, const Dyadic& y);
Dyadic operator+(const Dyadic& x, const Dyadic& y);
Dyadic operator-(const Dyadic& x, const Dyadic& y);

/// x / 2^unit, for a unit that is at most x's exponent.
Integer in_units(const Dyadic& x, long unit);

/// numerators / denominator · 2^exponent, denominator ≠ 0.
struct Fractions {
  std::vector<Integer> numerators;
  Integer denominator = 1;
  long exponent = 0;
};

/// x += y, entry by entry: the same number of them. Nothing is reduced.
void add(Fractions& x, const Fractions& y);

/// A number ≥ 0 between neighbouring doubles; all three are equal if it is one of them.
struct Rounded {
  double low = 0.0, high = 0.0;
  double nearest = 0.0;  ///< The end that is nearer, of two equally near ones the even one.
  double error = 0.0;    ///< |nearest − the number| is at most this.
};

/// numerator / denominator · 2^exponent, which is not negative. Ends beyond the largest double are
/// ∞.
Rounded rounded(Integer numerator, Integer denominator, long exponent);

}  // namespace skeleta::exact
