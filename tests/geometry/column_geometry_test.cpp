#include "skeleta/geometry/column_geometry.h"

#include <gtest/gtest.h>

#include "geometry/configurations.h"
#include "skeleta/geometry/congruence.h"

namespace skeleta::geometry {
namespace {

TEST(ColumnGeometry, GathersWhatTheModuleComputes) {
  std::mt19937_64 random(1);
  Matrix pentagon = 2.0 * polygon(5), digons = direct_sum(digon(), 1.5 * digon());
  Matrix other = Matrix::Zero(2, 5);
  other.leftCols(4) = digons;
  const std::vector<Matrix> weights{pentagon, disguised(pentagon, random), other};
  const auto geometry = describe_columns(weights);
  ASSERT_EQ(geometry.size(), 3u);
  EXPECT_NEAR(geometry[0].norm(3), 2.0, 1e-14);
  EXPECT_NEAR(geometry[0].dimensionality(4), 0.4, 1e-14);
  EXPECT_NEAR(geometry[0].dimensions_per_feature, 0.1, 1e-14);
  EXPECT_EQ(geometry[0].distance_to_first, 0.0);
  EXPECT_EQ(geometry[0].signed_bound, 0.0);
  EXPECT_EQ(geometry[0].welch_bound, welch_bound(5, 2));
  EXPECT_EQ(geometry[0].orthoplex_bound, orthoplex_bound(5, 2));
  EXPECT_LT(geometry[1].distance_to_first, 1e-13);
  EXPECT_EQ(geometry[2].coherence.columns, 4);
  EXPECT_EQ(geometry[2].welch_bound, welch_bound(4, 2));
  EXPECT_EQ(geometry[2].distance_to_first, congruence(other, pentagon).rms);
}

TEST(ColumnGeometry, HasNoBoundsWithoutTwoColumns) {
  const std::vector<Matrix> weights{Matrix{{1.0, 0.0}}};
  const ColumnGeometry geometry = describe_columns(weights)[0];
  EXPECT_EQ(geometry.coherence.columns, 1);
  EXPECT_TRUE(std::isnan(geometry.signed_bound) && std::isnan(geometry.welch_bound) &&
              std::isnan(geometry.orthoplex_bound));
}

}  // namespace
}  // namespace skeleta::geometry
