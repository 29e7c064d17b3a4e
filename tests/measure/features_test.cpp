#include "skeleta/measure/features.h"

#include <gtest/gtest.h>

#include <cmath>

namespace skeleta {
namespace {

TEST(Features, KnowTheLossOfTheZeroModel) {
  const Features features{Vector{{0.1, 0.0, 1.0}}, Vector{{3.0, 7.0, 0.5}}};
  EXPECT_NEAR(loss_of_zero_model(features), (0.3 + 0.5) / 3.0, 1e-16);
  EXPECT_EQ(loss_of_zero_model(Features::uniform(7, 1.0, 1e308)), INFINITY);
}

// v' = 2^−exponent v to the bit, with a loss of the zero model in [½, 1), over the range of double.
TEST(Features, AreScaledByAPowerOfTwo) {
  for (const double v : {1e-290, 1e-10, 0.3, 1.0, 5.0, 1e200, 1e308}) {
    for (const double p : {1e-290, 1e-9, 0.05, 1.0}) {
      if (v * p < 1e-290) continue;
      Features features = Features::uniform(5, p, v);
      features.importance(3) *= 0.1;
      const ScaledFeatures data = scaled(features);
      const double zero = loss_of_zero_model(data.features);
      EXPECT_GE(zero, 0.5);
      EXPECT_LT(zero, 1.0);
      for (Index i = 0; i < 5; ++i) {
        EXPECT_EQ(data.restored(data.features.importance(i)), features.importance(i));
      }
      EXPECT_EQ(data.features.density, features.density);
    }
  }
  EXPECT_EQ(scaled(scaled(Features::uniform(3, 0.2)).features).exponent, 0);
}

// Importances below the smallest normal number, far apart, or of a feature that is never active.
TEST(Features, AreScaledAtTheEndsOfTheRange) {
  const ScaledFeatures tiny = scaled(Features::uniform(2, 0.05, 1e-320));
  EXPECT_GE(loss_of_zero_model(tiny.features), 0.5);
  EXPECT_EQ(tiny.restored(tiny.features.importance(0)), 1e-320);
  const ScaledFeatures apart = scaled({Vector{{0.5, 0.5}}, Vector{{1e-290, 1e250}}});
  EXPECT_LT(apart.features.importance(0), 1e-320);  // all its digits are lost, but it counts
  EXPECT_GT(apart.features.importance(0), 0.0);
  EXPECT_EQ(apart.restored(apart.features.importance(1)), 1e250);
  const ScaledFeatures never = scaled({Vector{{0.0, 1e-200}}, Vector{{1e200, 1.0}}});
  EXPECT_TRUE(never.features.importance.allFinite());
  EXPECT_GT(loss_of_zero_model(never.features), 0.0);
  const Features nothing = Features::uniform(2, 0.0);
  EXPECT_EQ(scaled(nothing).features.importance, nothing.importance);
}

}  // namespace
}  // namespace skeleta
