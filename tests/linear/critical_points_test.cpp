#include "skeleta/linear/critical_points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/decompositions.h"
#include "linear/random_moments.h"

namespace skeleta::linear {
namespace {

using ::testing::ElementsAre;

const Vector five{{5.0, 4.0, 3.0, 2.0, 1.0}};

Matrix full_rank(Index rows, Index columns, std::mt19937_64& random) {
  return 0.2 * random_matrix(rows, columns, random) + Matrix::Identity(rows, columns);
}

// The Hessian of the loss at (A, B), by differences of the gradient.
Matrix hessian(const LinearAutoencoder& model, const Matrix& Sigma) {
  const Index size = model.A.size(), n = 2 * size;
  constexpr double h = 1e-5;
  const auto slope = [&](Index k, double step) {
    LinearAutoencoder moved = model;
    (k < size ? moved.A.data()[k] : moved.B.data()[k - size]) += step;
    const LinearAutoencoder g = gradient(moved, Sigma);
    Vector result(n);
    result << g.A.reshaped(), g.B.reshaped();
    return result;
  };
  Matrix H(n, n);
  for (Index k = 0; k < n; ++k) H.col(k) = (slope(k, h) - slope(k, -h)) / (2 * h);
  return 0.5 * (H + H.transpose());
}

// Every set, every D ≤ 6 and d, in random bases and with random C: the gradient vanishes, the loss
// is what is left out, and the Hessian has as many negative eigenvalues as the formula says.
TEST(CriticalPoints, AreCriticalWithTheSaidLossAndIndex) {
  std::mt19937_64 random(1);
  for (Index D = 1; D <= 6; ++D) {
    for (Index d = 1; d <= std::min<Index>(D, 3); ++d) {
      const Matrix Sigma = random_moment(Vector::LinSpaced(D, static_cast<double>(D), 1.0), random);
      const Spectrum eigen = spectrum(Sigma);
      for (const CriticalPoint& point : critical_points(eigen, d)) {
        const Matrix C = full_rank(point.rank(), d, random);
        const LinearAutoencoder model = critical_point(eigen, point.set, C);
        const LinearAutoencoder slope = gradient(model, Sigma);
        EXPECT_LT(slope.A.norm() + slope.B.norm(), 1e-10 * (1.0 + model.B.norm()));
        EXPECT_NEAR(loss(model, Sigma), point.loss, 1e-11);
        const Vector eigenvalues = symmetric_eigenvalues(hessian(model, Sigma));
        EXPECT_EQ((eigenvalues.array() < -1e-5).count(), point.negative_directions)
            << "D = " << D << ", d = " << d << ", rank " << point.rank();
      }
    }
  }
}

TEST(CriticalPoints, OfFiveEigenvalues) {
  const auto points = critical_points(diagonal_spectrum(five), 2);
  ASSERT_EQ(points.size(), 10u + 5u + 1u);
  EXPECT_THAT(points.front().set, ElementsAre(0, 1));
  EXPECT_EQ(points.front().loss, 6.0);
  EXPECT_EQ(points.front().kind, CriticalKind::minimum);
  EXPECT_EQ(points.back().rank(), 0);
  EXPECT_EQ(points.back().loss, 15.0);
  EXPECT_EQ(points.back().negative_directions, 10);
  // {u₄, u₅}: each can turn to each of three; the only minimum is the first.
  EXPECT_EQ(describe(diagonal_spectrum(five), {4, 3}, 2).negative_directions, 6);
  EXPECT_EQ(std::count_if(points.begin(), points.end(),
                          [](const auto& p) { return p.kind == CriticalKind::minimum; }),
            1);
}

TEST(CriticalPoints, EqualEigenvaluesDoNotMakeSaddles) {
  const Spectrum equal = diagonal_spectrum(Vector{{2.0, 2.0, 2.0, 1.0}});
  EXPECT_EQ(describe(equal, {1, 2}, 2).kind, CriticalKind::minimum);
  EXPECT_EQ(describe(equal, {1, 3}, 2).negative_directions, 2);
  // With Σ of rank 1 nothing is gained by more than one dimension.
  const Spectrum flat = diagonal_spectrum(Vector{{1.0, 0.0, 0.0}});
  EXPECT_EQ(describe(flat, {0}, 2).kind, CriticalKind::minimum);
  EXPECT_EQ(describe(flat, {}, 2).negative_directions, 2);
}

TEST(CriticalPoints, EscapeLowersTheLossExactly) {
  std::mt19937_64 random(2);
  const Spectrum eigen = spectrum(random_moment(five, random));
  const Matrix Sigma = data_matrix(eigen), C = full_rank(2, 2, random);
  const double before = loss(critical_point(eigen, {1, 3}, C), Sigma);
  for (const double epsilon : {1e-3, 0.3, -2.0}) {
    for (const auto& [j, k] : {std::pair{3, 0}, {1, 0}, {3, 2}, {1, 4}}) {
      const double drop = epsilon * epsilon / (1.0 + epsilon * epsilon) *
                          (eigen.eigenvalues(k) - eigen.eigenvalues(j));
      EXPECT_NEAR(loss(escape(eigen, {1, 3}, C, j, k, epsilon), Sigma), before - drop, 1e-12);
    }
  }
}

TEST(CriticalPoints, ClassifyFindsThePlantedOne) {
  std::mt19937_64 random(3);
  const Spectrum eigen = spectrum(random_moment(five, random));
  for (const CriticalPoint& point : critical_points(eigen, 2)) {
    LinearAutoencoder model = critical_point(eigen, point.set, full_rank(point.rank(), 2, random));
    const Classification exact = classify(model, eigen);
    EXPECT_EQ(exact.nearest.set, point.set);
    EXPECT_LT(exact.distance, 1e-12);
    EXPECT_LT(exact.gradient_norm, 1e-9);
    model.A += 1e-3 * random_matrix(5, 2, random);
    const Classification near = classify(model, eigen);
    EXPECT_EQ(near.nearest.set, point.set);
    if (point.rank() == 0) continue;  // B = 0 there: A alone changes nothing
    EXPECT_GT(near.gradient_norm, 1e-5);
  }
}

// Against all sets, for any (A, B) and distinct eigenvalues.
TEST(CriticalPoints, ClassifyIsTheNearest) {
  std::mt19937_64 random(4);
  const Spectrum eigen = spectrum(random_moment(five, random));
  for (int trial = 0; trial < 20; ++trial) {
    const LinearAutoencoder model{0.6 * random_matrix(5, 3, random),
                                  0.6 * random_matrix(3, 5, random)};
    double least = INFINITY;
    for (const CriticalPoint& point : critical_points(eigen, 3)) {
      const Matrix U = eigen.eigenvectors(Eigen::all, point.set);
      least = std::min(least, (model.A * model.B - U * U.transpose()).norm());
    }
    EXPECT_NEAR(classify(model, eigen).distance, least, 1e-12);
  }
}

// With equal eigenvalues the projection may lie anywhere in the eigenspace.
TEST(CriticalPoints, ClassifyTurnsWithinEigenspaces) {
  std::mt19937_64 random(5);
  const Spectrum eigen = diagonal_spectrum(Vector{{2.0, 2.0, 1.0}});
  const Matrix u = Vector{{std::cos(0.3), std::sin(0.3), 0.0}};
  const Classification found = classify({u, u.transpose()}, eigen);
  EXPECT_LT(found.distance, 1e-14);
  EXPECT_LT(found.gradient_norm, 1e-14);
  EXPECT_THAT(found.nearest.set, ElementsAre(0));
  EXPECT_EQ(found.nearest.kind, CriticalKind::minimum);
}

TEST(CriticalPoints, BadInput) {
  const Spectrum eigen = diagonal_spectrum(five);
  EXPECT_THROW(critical_points(eigen, 0), std::invalid_argument);
  EXPECT_THROW(critical_points(eigen, 6), std::invalid_argument);
  EXPECT_THROW(critical_points(diagonal_spectrum(Vector::Ones(21)), 2), std::invalid_argument);
  EXPECT_THROW(describe(eigen, {0, 1, 2}, 2), std::invalid_argument);
  EXPECT_THROW(describe(eigen, {1, 1}, 2), std::invalid_argument);
  EXPECT_THROW(describe(eigen, {5}, 2), std::invalid_argument);
  EXPECT_THROW(critical_point(eigen, {0, 1}, Matrix::Ones(2, 2)), std::invalid_argument);
  EXPECT_THROW(critical_point(eigen, {0}, Matrix::Identity(2, 2)), std::invalid_argument);
  EXPECT_THROW(escape(eigen, {0, 1}, Matrix::Identity(2, 2), 2, 3, 0.1), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::linear
