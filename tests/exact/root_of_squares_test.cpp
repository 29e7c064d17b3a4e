#include "exact/root_of_squares.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace skeleta::exact {
namespace {

double norm_of(double x, double y) {
  RootOfSquares squares;
  squares.add(x);
  squares.add(y);
  return squares.value();
}

// 3, 4, 5 over all numbers: squares of x below 1e-162 are 0 by themselves, above 1e154 infinite.
TEST(RootOfSquares, HoldsWhereSquaresAreNoNumbers) {
  for (int exponent = -1070; exponent <= 1020; exponent += 10) {
    const double unit = std::ldexp(1.0, exponent);
    EXPECT_NEAR(norm_of(3.0 * unit, 4.0 * unit) / unit, 5.0, 1e-15) << exponent;
  }
  EXPECT_EQ(norm_of(0.0, 0.0), 0.0);
  EXPECT_EQ(norm_of(std::numeric_limits<double>::denorm_min(), 0.0),
            std::numeric_limits<double>::denorm_min());
}

TEST(RootOfSquares, HasTheBitsOfThePlainFormula) {
  EXPECT_EQ(norm_of(0.1, 0.7), std::sqrt(0.1 * 0.1 + 0.7 * 0.7));
  EXPECT_EQ(norm_of(1e-130, 3e-130), std::sqrt(1e-130 * 1e-130 + 3e-130 * 3e-130));
}

}  // namespace
}  // namespace skeleta::exact
