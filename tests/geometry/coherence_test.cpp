#include "skeleta/geometry/coherence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "geometry/configurations.h"

namespace skeleta::geometry {
namespace {

constexpr double close = 1e-14;

TEST(Coherence, OfKnownConfigurations) {
  for (const Index d : {1, 2, 3, 8}) {
    const Coherence c = coherence(simplex(d));
    EXPECT_EQ(c.columns, d + 1);
    EXPECT_NEAR(c.signed_max, -1.0 / static_cast<double>(d), close);
    EXPECT_NEAR(c.absolute, 1.0 / static_cast<double>(d), close);
  }
  EXPECT_NEAR(coherence(orthoplex(4)).signed_max, 0.0, close);
  EXPECT_NEAR(coherence(orthoplex(4)).absolute, 1.0, close);
  const double angle = 2.0 * std::numbers::pi / 5.0;
  EXPECT_NEAR(coherence(polygon(5)).signed_max, std::cos(angle), close);
  EXPECT_NEAR(coherence(polygon(5)).absolute, -std::cos(2.0 * angle), close);
  EXPECT_NEAR(coherence(icosahedral_lines()).absolute, 1.0 / std::sqrt(5.0), close);
}

// The simplex and the orthoplex reach Rankin's bounds, six lines of the icosahedron and the simplex
// Welch's, four lines in the plane and twelve in R⁴ the orthoplex bound.
TEST(Coherence, BoundsAreReached) {
  EXPECT_NEAR(signed_coherence_bound(4, 3), coherence(tetrahedron()).signed_max, close);
  EXPECT_NEAR(signed_coherence_bound(8, 4), coherence(orthoplex(4)).signed_max, close);
  EXPECT_NEAR(welch_bound(6, 3), coherence(icosahedral_lines()).absolute, close);
  EXPECT_NEAR(welch_bound(4, 3), coherence(simplex(3)).absolute, close);
  EXPECT_NEAR(orthoplex_bound(4, 2), coherence(polygon(8).leftCols(4)).absolute, close);
  Matrix lines(4, 12);  // three mutually unbiased bases
  lines << Matrix::Identity(4, 4),
      0.5 * Matrix{{1, 1, 1, 1}, {1, -1, 1, -1}, {1, 1, -1, -1}, {1, -1, -1, 1}},
      0.5 * Matrix{{1, 1, 1, -1}, {1, 1, -1, 1}, {1, -1, 1, 1}, {-1, 1, 1, 1}};
  EXPECT_NEAR(orthoplex_bound(12, 4), coherence(lines).absolute, close);
}

TEST(Coherence, BoundsWhereTheyBegin) {
  EXPECT_DOUBLE_EQ(signed_coherence_bound(2, 5), -1.0);
  EXPECT_DOUBLE_EQ(signed_coherence_bound(6, 5), -0.2);
  EXPECT_EQ(signed_coherence_bound(7, 5), 0.0);
  EXPECT_EQ(welch_bound(5, 5), 0.0);
  EXPECT_DOUBLE_EQ(welch_bound(6, 5), 0.2);
  EXPECT_EQ(orthoplex_bound(15, 5), 0.0);
  EXPECT_DOUBLE_EQ(orthoplex_bound(16, 5), 1.0 / std::sqrt(5.0));
}

TEST(Coherence, IsNeverBelowItsBounds) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 500; ++trial) {
    const Index d = 1 + trial % 4, n = 2 + trial % 17;
    const Coherence c = coherence(random_matrix(d, n, random), 0.0);
    EXPECT_EQ(c.columns, n);
    EXPECT_GE(c.signed_max, signed_coherence_bound(n, d) - close);
    EXPECT_GE(c.absolute, welch_bound(n, d) - close);
    EXPECT_GE(c.absolute, orthoplex_bound(n, d) - close);
    EXPECT_GE(c.absolute, std::abs(c.signed_max) * (c.signed_max > 0.0));
  }
}

// Pair by pair; sizes on both sides of the block of 64 columns.
TEST(Coherence, AgreesWithTheDefinition) {
  std::mt19937_64 random(2);
  for (const Index n : {2, 64, 65, 130}) {
    const Matrix W = random_matrix(7, n, random);
    double most = -1.0, absolute = 0.0;
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < i; ++j) {
        const double cosine = W.col(i).normalized().dot(W.col(j).normalized());
        most = std::max(most, cosine);
        absolute = std::max(absolute, std::abs(cosine));
      }
    }
    EXPECT_NEAR(coherence(W, 0.0).signed_max, most, close) << n;
    EXPECT_NEAR(coherence(W, 0.0).absolute, absolute, close) << n;
  }
}

TEST(Coherence, LeavesOutShortColumns) {
  Matrix W(2, 4);
  W << 1, -1, 0.01, 0, 0, 0, 0, 0;
  EXPECT_EQ(coherence(W).columns, 2);
  EXPECT_EQ(coherence(W).signed_max, -1.0);
  EXPECT_EQ(coherence(W, 0.0).columns, 3);
  EXPECT_EQ(coherence(W, 0.0).signed_max, 1.0);
  EXPECT_EQ(coherence(W, 1.0).columns, 2);
  const Coherence none = coherence(Matrix::Zero(2, 3));
  EXPECT_EQ(none.columns, 0);
  EXPECT_TRUE(std::isnan(none.signed_max) && std::isnan(none.absolute));
}

TEST(Coherence, RefusesWhatMakesNoSense) {
  EXPECT_THROW(coherence(Matrix(0, 3)), std::invalid_argument);
  EXPECT_THROW(coherence(polygon(3), -0.1), std::invalid_argument);
  EXPECT_THROW(coherence(polygon(3), std::nan("")), std::invalid_argument);
  EXPECT_THROW(signed_coherence_bound(1, 2), std::invalid_argument);
  EXPECT_THROW(welch_bound(1, 2), std::invalid_argument);
  EXPECT_THROW(orthoplex_bound(3, 0), std::invalid_argument);
}

TEST(NearestCosines, AreTheLargestOfEachColumnWithAnother) {
  FloatMatrix W = FloatMatrix::Random(3, 1500);  // more than a tile
  W.col(7).setZero();
  W.col(1400) = -2.0f * W.col(11);
  const std::vector<Index> columns{11, 7, 3, 1499};
  const Vector found = nearest_cosines(W, columns, 2);
  const Matrix unit = W.cast<double>().colwise().normalized();
  for (Index k = 0; k < found.size(); ++k) {
    const Index i = columns[static_cast<std::size_t>(k)];
    if (i == 7) {
      EXPECT_TRUE(std::isnan(found(k)));
      continue;
    }
    double expected = 0.0;
    for (Index j = 0; j < W.cols(); ++j) {
      if (j != i && j != 7) expected = std::max(expected, std::abs(unit.col(j).dot(unit.col(i))));
    }
    EXPECT_NEAR(found(k), expected, 1e-14);
  }
  EXPECT_NEAR(found(0), 1.0, 1e-7);
  EXPECT_TRUE(std::isnan(nearest_cosines(W.leftCols(1), std::vector<Index>{0})(0)));
  EXPECT_THROW(nearest_cosines(W, std::vector<Index>{1500}), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::geometry
