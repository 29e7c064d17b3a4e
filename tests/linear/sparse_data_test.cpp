#include "skeleta/linear/sparse_data.h"

#include <gtest/gtest.h>

#include <cmath>

#include "skeleta/linear/moment_law.h"

namespace skeleta::linear {
namespace {

// Rule of the z-tests: fixed seeds, and no entry of a few hundred beyond 4.5 standard errors.
constexpr double most_z = 4.5;

// Var x_j² = p/5 − p²/9 and Var x_j x_k = p_j p_k/9 − p_j² p_k²/16.
double variance(const Vector& p, Index j, Index k) {
  const double a = p(j), b = p(k);
  return j == k ? a / 5.0 - a * a / 9.0 : a * b / 9.0 - a * a * b * b / 16.0;
}

void expect_moments(const Vector& density, std::uint64_t samples, std::uint64_t seed) {
  const double T = static_cast<double>(samples);
  const Matrix Sigma = second_moment(SparseData(density, samples, seed));
  EXPECT_EQ(Sigma, Sigma.transpose());
  const Matrix mean = expected_moment(density);
  for (Index j = 0; j < density.size(); ++j) {
    for (Index k = 0; k <= j; ++k) {
      const double spread = std::sqrt(variance(density, j, k) / T);
      EXPECT_NEAR(Sigma(j, k) / T, mean(j, k), most_z * spread + 1e-14) << j << ", " << k;
    }
  }
}

TEST(SparseData, HasTheMomentsOfItsLaw) {
  expect_moments(Vector::Constant(12, 0.1), 1'000'000, 1);
  expect_moments(Vector::LinSpaced(8, 0.05, 0.6), 1'000'000, 2);
}

TEST(SparseData, KnowsDensitiesZeroAndOne) {
  expect_moments(Vector{{0.0, 1.0, 0.3, 0.0, 1.0}}, 300'000, 3);
  expect_moments(Vector::Ones(3), 300'000, 4);
  EXPECT_EQ(second_moment(SparseData(Vector::Zero(3), 1000, 5)), Matrix::Zero(3, 3));
}

// A wrong density must show: here by 2 %, which is some 20 standard errors.
TEST(SparseData, ItsMomentsTellNearbyDensitiesApart) {
  constexpr std::uint64_t samples = 1'000'000;
  const Matrix Sigma = second_moment(SparseData(Vector::Constant(12, 0.102), samples, 1));
  const double spread = std::sqrt(variance(Vector::Constant(1, 0.1), 0, 0) / samples / 12);
  EXPECT_GT(Sigma.trace() / samples / 12 - 0.1 / 3.0, most_z * spread);
}

TEST(SparseData, ItsSecondMomentDoesNotDependOnThreads) {
  const SparseData data(Vector::Constant(20, 0.05), 2'000'000, 6);
  EXPECT_GT(data.blocks(), 8u);
  const Matrix one = second_moment(data, 1);
  EXPECT_EQ(one, second_moment(data, 3));
  EXPECT_NE(one, second_moment(SparseData(Vector::Constant(20, 0.05), 2'000'000, 7), 1));
}

TEST(SparseData, ItsMatrixHoldsTheSamePoints) {
  for (const Vector& density : {Vector(Vector::Constant(6, 0.3)), Vector(Vector::Ones(2))}) {
    const SparseData data(density, 200'001, 8);
    const Matrix X = data.matrix();
    EXPECT_EQ(X.cols(), 200'001);
    EXPECT_GE(X.minCoeff(), 0.0);
    EXPECT_LE(X.maxCoeff(), 1.0);
    EXPECT_LT((X * X.transpose() - second_moment(data)).norm(), 1e-9 * X.squaredNorm());
  }
}

TEST(SparseData, Stops) {
  const SparseData data(Vector::Constant(20, 0.05), 2'000'000, 6);
  std::uint64_t seen = 0;
  const Matrix none =
      second_moment(data, 2, [&](const Progress& p) { return (seen = p.done) < 2; });
  EXPECT_EQ(none.size(), 0);
  EXPECT_EQ(seen, 2u);
}

TEST(SparseData, RefusesBadInput) {
  EXPECT_THROW(SparseData(Vector{}, 10, 1), std::invalid_argument);
  EXPECT_THROW(SparseData(Vector::Constant(2, 1.5), 10, 1), std::invalid_argument);
  EXPECT_THROW(SparseData(Vector::Constant(2, 0.5), 0, 1), std::invalid_argument);
  EXPECT_THROW(SparseData(Vector::Constant(100, 0.5), 100'000'000, 1).matrix(),
               std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::linear
