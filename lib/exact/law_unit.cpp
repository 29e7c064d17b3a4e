#include "exact/law_unit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace skeleta::exact {
namespace {

// Of two: fourth powers of what is smaller than the largest (values, slopes g) and cubes of what is
// nearer to 1 than far (z) are within range.
constexpr int far_exponent = 100, largest_exponent_used = 240, smallest_exponent = -960;

int exponent_of(double x) {
  return x > 0.0 ? std::ilogb(x) : std::numeric_limits<int>::min() / 4;
}

}  // namespace

RowInUnit in_unit(const LawRow& row) {
  RowInUnit result;
  result.row = row;
  const Vector& density = row.law->activity.density();
  int value = exponent_of(0.0), steepest = value, least = std::numeric_limits<int>::max();
  double size = std::abs(row.c) + std::sqrt(row.variance);
  for (Index j = 0; j < row.g.size(); ++j) {
    const double x = row.value(j).size();
    if (!(x > 0.0 && density(j) > 0.0)) continue;
    size += std::abs(row.g(j)) * x;
    steepest = std::max(steepest, exponent_of(std::abs(row.g(j))));
    value = std::max(value, exponent_of(x));
    least = std::min(least, exponent_of(x));
  }
  if (!(size > 0.0)) return result;
  result.in_range = steepest <= largest_exponent_used;
  int exponent = exponent_of(size);
  if (!result.in_range || std::abs(exponent) <= far_exponent) return result;
  exponent = std::max(exponent, value - largest_exponent_used);
  result.in_range =
      exponent - exponent_of(size) <= far_exponent && least - exponent >= smallest_exponent;
  if (!result.in_range) return result;
  result.unit = std::ldexp(1.0, exponent);
  DataLaw law = *row.law;
  for (Index j = 0; j < law.size(); ++j) {
    ValueLaw& value_law = law.values[static_cast<std::size_t>(j)];
    if (density(j) > 0.0) value_law = value_law.scaled(-exponent);
  }
  result.law = std::make_shared<const DataLaw>(std::move(law));
  result.row.law = result.law.get();
  result.row.c = std::ldexp(row.c, -exponent);
  result.row.jump = std::ldexp(row.jump, -exponent);
  result.row.variance = std::ldexp(row.variance, -2 * exponent);
  return result;
}

}  // namespace skeleta::exact
