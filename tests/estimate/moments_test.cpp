#include "estimate/moments.h"

#include <gtest/gtest.h>

namespace skeleta::estimate {
namespace {

Moments of(std::initializer_list<double> values) {
  Moments all;
  for (const double y : values) all.merge({1, y});
  return all;
}

// Values 1, 2, 4, 9: mean 4, squared deviations 9 + 4 + 0 + 25 = 38.
TEST(Moments, MergeValuesOneByOneOrInGroups) {
  for (Moments all : {of({1, 2, 4, 9}), of({9, 1, 4, 2})}) {
    EXPECT_EQ(all.count, 4u);
    EXPECT_DOUBLE_EQ(all.mean, 4.0);
    EXPECT_DOUBLE_EQ(all.m2, 38.0);
    EXPECT_DOUBLE_EQ(all.variance(), 38.0 / 3.0);
  }
  Moments left = of({1, 2}), empty;
  left.merge(of({4, 9}));
  left.merge(empty);
  EXPECT_DOUBLE_EQ(left.m2, 38.0);
  empty.merge(left);
  EXPECT_DOUBLE_EQ(empty.m2, 38.0);
}

// A sum of squares would lose the variance altogether here: (10⁹)² + 1 is (10⁹)² in doubles.
TEST(Moments, KeepASmallVarianceOfLargeValues) {
  // Means near 10⁹ are rounded to 1e-7, and so is their difference.
  EXPECT_NEAR(of({1e9 + 1, 1e9 + 2, 1e9 + 4, 1e9 + 9}).variance(), 38.0 / 3.0, 1e-6);
}

}  // namespace
}  // namespace skeleta::estimate
