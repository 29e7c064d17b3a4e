#include "skeleta/geometry/feature_dimensionality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "geometry/configurations.h"

namespace skeleta::geometry {
namespace {

constexpr double close = 1e-14;

void expect_all(const Matrix& W, double value) {
  const Vector D = feature_dimensionality(W);
  ASSERT_EQ(D.size(), W.cols());
  for (const double x : D) EXPECT_NEAR(x, value, close);
}

TEST(FeatureDimensionality, OfThePolytopesWithNames) {
  expect_all(digon(), 1.0 / 2);
  expect_all(polygon(3), 2.0 / 3);
  expect_all(tetrahedron(), 3.0 / 4);
  expect_all(polygon(5), 2.0 / 5);
  expect_all(antiprism(std::sqrt(1.0 / 3)), 3.0 / 8);
}

// The antiprism of least Coulomb energy has z = .5604; 0.3744 is MATH section 5's value, to 4
// digits.
TEST(FeatureDimensionality, OfTheCoulombAntiprism) {
  EXPECT_NEAR(feature_dimensionality(antiprism(0.5604))(0), 0.3744, 1e-4);
}

TEST(FeatureDimensionality, OfTheTableAgreesWithItsNames) {
  for (const NamedDimensionality& entry : named_dimensionalities()) {
    EXPECT_EQ(nearest_named(entry.value() + 0.004, 0.005), &entry);
    EXPECT_EQ(nearest_named(entry.value() - 0.004, 0.005), &entry);
  }
  EXPECT_EQ(nearest_named(0.45, 0.02), nullptr);
  EXPECT_EQ(nearest_named(std::nan(""), 1.0), nullptr);
}

// Orthogonal parts keep their values: a tegum product.
TEST(FeatureDimensionality, OfOrthogonalParts) {
  const Vector D = feature_dimensionality(direct_sum(3.0 * polygon(5), 0.01 * digon()));
  for (Index j = 0; j < 5; ++j) EXPECT_NEAR(D(j), 2.0 / 5, close);
  EXPECT_NEAR(D(5), 1.0 / 2, close);
  EXPECT_NEAR(D(6), 1.0 / 2, close);
}

// By definition, from the Gram matrix, in long double.
Vector by_definition(const Matrix& W) {
  const auto G = (W.transpose().cast<long double>() * W.cast<long double>()).eval();
  Vector D(W.cols());
  for (Index i = 0; i < W.cols(); ++i) {
    D(i) = static_cast<double>(G(i, i) * G(i, i) / G.col(i).squaredNorm());
  }
  return D;
}

// Sizes on both sides of the block of 64 columns.
TEST(FeatureDimensionality, AgreesWithTheDefinition) {
  std::mt19937_64 random(1);
  for (const Index n : {1, 2, 7, 63, 64, 65, 200}) {
    const Matrix W = random_matrix(5, n, random);
    EXPECT_LT((feature_dimensionality(W) - by_definition(W)).cwiseAbs().maxCoeff(), close) << n;
  }
}

TEST(FeatureDimensionality, IgnoresRotationScaleAndOrder) {
  std::mt19937_64 random(2);
  const Matrix W = random_matrix(4, 9, random);
  const auto order = random_permutation(9, random);
  const Matrix other = (7.5 * random_orthogonal(4, random) * W)(Eigen::all, order);
  const Vector D = feature_dimensionality(W);
  EXPECT_LT((feature_dimensionality(other) - D(order)).cwiseAbs().maxCoeff(), close);
}

TEST(FeatureDimensionality, SumsToAtMostTheRank) {
  std::mt19937_64 random(3);
  for (int trial = 0; trial < 100; ++trial) {
    const Index rank = 1 + trial % 4;
    const Matrix W = random_matrix(6, rank, random) * random_matrix(rank, 10, random);
    const Vector D = feature_dimensionality(W);
    EXPECT_LE(D.sum(), static_cast<double>(rank) + 1e-12);
    EXPECT_GE(D.minCoeff(), 0.0);
    EXPECT_LE(D.maxCoeff(), 1.0);
  }
}

TEST(FeatureDimensionality, OfZeroAndExtremeColumns) {
  const Vector D = feature_dimensionality(Matrix{{0, 1e200, 0}, {0, 0, 1e-200}});
  EXPECT_EQ(D(0), 0.0);
  EXPECT_EQ(D(1), 1.0);
  EXPECT_EQ(D(2), 1.0);  // alone in its direction, however short
  EXPECT_EQ(feature_dimensionality(Matrix{{1e200, 1e-200}})(1), 0.0);
}

TEST(DimensionsPerFeature, IsDOverTheSquaredNorm) {
  EXPECT_NEAR(dimensions_per_feature(polygon(5)), 2.0 / 5, close);
  EXPECT_NEAR(dimensions_per_feature(2.0 * tetrahedron()), 3.0 / 16, close);
  EXPECT_EQ(dimensions_per_feature(Matrix::Zero(2, 3)), std::numeric_limits<double>::infinity());
}

TEST(FeatureDimensionality, RefusesWhatIsNoMatrixOfNumbers) {
  EXPECT_THROW(feature_dimensionality(Matrix(2, 0)), std::invalid_argument);
  EXPECT_THROW(feature_dimensionality(Matrix{{1.0, std::nan("")}}), std::invalid_argument);
  EXPECT_THROW(dimensions_per_feature(Matrix{{1.0, std::nan("")}}), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::geometry
