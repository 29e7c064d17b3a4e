#include "skeleta/sampling/normal_stream.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sampling/script.h"

namespace skeleta::sampling {
namespace {

// r = √(−2 log u) with u = e^{−2} is 2, at a third of a turn and at three eighths.
TEST(NormalStream, TurnsPairsOfUniformsIntoPairs) {
  const double u = std::exp(-2.0);
  const testing::Script script{u, 1.0 / 3.0, u, 0.375};
  PointStream random = script.stream();
  NormalStream normal(random);
  EXPECT_NEAR(normal(), -1.0, 1e-14);
  EXPECT_NEAR(normal(), std::sqrt(3.0), 1e-14);
  EXPECT_NEAR(normal(), -std::sqrt(2.0), 1e-14);
  EXPECT_NEAR(normal(), std::sqrt(2.0), 1e-14);
  EXPECT_THROW(normal(), std::out_of_range);
}

// √(2·54 log 2) = 8.65 is the largest that 53 digits give.
TEST(NormalStream, IsFiniteAtBothEndsOfTheUniforms) {
  const std::uint64_t words[] = {0, 0, ~std::uint64_t{0}, 0};
  PointStream random(words);
  NormalStream normal(random);
  EXPECT_NEAR(normal(), std::sqrt(108.0 * std::log(2.0)), 1e-12);
  normal();
  EXPECT_NEAR(normal(), 0.0, 1e-7);
}

}  // namespace
}  // namespace skeleta::sampling
