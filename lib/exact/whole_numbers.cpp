#include "exact/whole_numbers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

namespace skeleta::exact {
namespace {

Dyadic dyadic(Integer numerator, long exponent) {
  Dyadic result;
  if (numerator == 0) return result;
  const bool negative = numerator < 0;
  Integer size = abs(numerator);
  const auto zeros = static_cast<long>(lsb(size));
  size >>= static_cast<unsigned long>(zeros);
  result.numerator = negative ? Integer(-size) : size;
  result.exponent = exponent + zeros;
  return result;
}

Integer shifted(const Integer& x, long places) {
  return x << static_cast<unsigned long>(places);
}

}  // namespace

Dyadic::Dyadic(double x) {
  constexpr int digits = std::numeric_limits<double>::digits;
  int power = 0;
  const double fraction = std::frexp(x, &power);
  *this = dyadic(Integer(static_cast<long long>(std::ldexp(fraction, digits))), power - digits);
}

Integer in_units(const Dyadic& x, long unit) {
  return x.numerator == 0 ? x.numerator : shifted(x.numerator, x.exponent - unit);
}

Dyadic operator*(const Dyadic& x, const Dyadic& y) {
  return dyadic(x.numerator * y.numerator, x.exponent + y.exponent);
}

Dyadic operator+(const Dyadic& x, const Dyadic& y) {
  if (x.numerator == 0) return y;
  if (y.numerator == 0) return x;
  const long unit = std::min(x.exponent, y.exponent);
  return dyadic(in_units(x, unit) + in_units(y, unit), unit);
}

Dyadic operator-(const Dyadic& x, const Dyadic& y) {
  Dyadic minus = y;
  minus.numerator = -minus.numerator;
  return x + minus;
}

void add(Fractions& x, const Fractions& y) {
  const long unit = std::min(x.exponent, y.exponent);
  const Integer of_x = shifted(y.denominator, x.exponent - unit);
  const Integer of_y = shifted(x.denominator, y.exponent - unit);
  for (std::size_t k = 0; k < x.numerators.size(); ++k) {
    x.numerators[k] = x.numerators[k] * of_x + y.numerators[k] * of_y;
  }
  x.denominator *= y.denominator;
  x.exponent = unit;
}

Rounded rounded(Integer numerator, Integer denominator, long exponent) {
  if (denominator < 0) {
    numerator = -numerator;
    denominator = -denominator;
  }
  if (numerator < 0) throw std::logic_error("a sum of squares came out negative");
  if (numerator == 0) return {};
  using Limits = std::numeric_limits<double>;
  constexpr long least = Limits::min_exponent - Limits::digits;  // of the smallest double
  // The number lies between 2^(first − 1) and 2^(first + 1): it has 53 digits before the point, or
  // one more, in the unit below.
  const long first =
      static_cast<long>(msb(numerator)) - static_cast<long>(msb(denominator)) + exponent;
  long unit = std::max(first - Limits::digits, least);
  Integer quotient, remainder;
  for (;; ++unit) {
    const long places = exponent - unit;
    const Integer above = places > 0 ? shifted(numerator, places) : numerator;
    const Integer below = places < 0 ? shifted(denominator, -places) : denominator;
    divide_qr(above, below, quotient, remainder);
    if (quotient >> Limits::digits != 0) continue;
    Rounded result;
    const auto at = [unit](const Integer& digits) {
      return std::ldexp(static_cast<double>(static_cast<long long>(digits)),
                        static_cast<int>(std::min(unit, 2000l)));
    };
    result.low = result.high = result.nearest = at(quotient);
    if (remainder == 0) return result;
    result.high = at(quotient + 1);
    const int beyond_half = Integer(remainder * 2).compare(below);
    if (beyond_half > 0 || (beyond_half == 0 && bit_test(quotient, 0))) {
      result.nearest = result.high;
    }
    result.error =
        std::max(std::ldexp(0.5, static_cast<int>(std::min(unit, 2000l))), Limits::denorm_min());
    return result;
  }
}

}  // namespace skeleta::exact
