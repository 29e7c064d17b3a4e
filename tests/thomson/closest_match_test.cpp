#include "skeleta/thomson/closest_match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "geometry/configurations.h"
#include "skeleta/thomson/configurations.h"
#include "skeleta/thomson/solve.h"
#include "support.h"

namespace skeleta::thomson {
namespace {

// A planted rotation or reflection and a permutation are found again, for minima of every size.
TEST(ClosestMatch, RecoversPlantedDisguises) {
  std::mt19937_64 random(1);
  const Index stride = std::clamp<Index>(static_cast<Index>(3.0 / testing::scale()), 3, 49);
  for (Index n = 2; n <= 100; n += stride) {
    const Matrix X = solve(coulomb, n, 3, {.starts = 2}).best.points;
    const Matrix Y = geometry::disguised(X, random);
    const geometry::Congruence found = closest_match(X, Y);
    EXPECT_LT(found.rms, 1e-10) << n;
    EXPECT_LT((found.orthogonal * X - Matrix(Y(Eigen::all, found.permutation))).norm(), 1e-10) << n;
    Matrix mirrored = X;
    mirrored.row(0) *= -1.0;
    EXPECT_LT(closest_match(X, mirrored).rms, 1e-10) << n;
  }
}

TEST(ClosestMatch, RecoversDisguisedSymmetricConfigurations) {
  std::mt19937_64 random(2);
  for (const SporadicConfiguration& record : sporadic_configurations()) {
    if (record.points > 60) continue;
    const Matrix X = record.make();
    EXPECT_LT(closest_match(X, geometry::disguised(X, random)).rms, 1e-10) << record.name;
  }
}

// Far from congruence the nearest match is one of many local ones.
TEST(ClosestMatch, RandomStartsHelpFarFromCongruence) {
  std::mt19937_64 random(3);
  const Matrix Y = solve(coulomb, 20, 3, {.starts = 2}).best.points;
  double without = 0.0, with = 0.0;
  for (int trial = 0; trial < 5; ++trial) {
    Matrix X = geometry::random_matrix(3, 20, random);
    X.colwise().normalize();
    const geometry::Congruence one = closest_match(X, Y, 0), many = closest_match(X, Y);
    EXPECT_LE(many.rms, one.rms);
    EXPECT_LE(many.lower_bound, many.rms);
    const double squared =
        (many.orthogonal * X - Matrix(Y(Eigen::all, many.permutation))).squaredNorm();
    EXPECT_NEAR(many.rms, std::sqrt(squared / 20.0), 1e-13);
    without += one.rms;
    with += many.rms;
  }
  EXPECT_LT(with, 0.98 * without);
}

TEST(ClosestMatch, RefusesOtherSizesWithBoth) {
  EXPECT_THAT([] { closest_match(orthoplex(3), polygon(5)); },
              ::testing::ThrowsMessage<std::invalid_argument>(
                  "6 points in 3 dimensions cannot be matched with 5 points in 2 dimensions: both "
                  "numbers must agree"));
}

}  // namespace
}  // namespace skeleta::thomson
