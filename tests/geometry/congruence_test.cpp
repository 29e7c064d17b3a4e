#include "skeleta/geometry/congruence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "geometry/configurations.h"

namespace skeleta::geometry {
namespace {

constexpr double close = 1e-13;

// What the result claims about itself holds.
void expect_consistent(const Congruence& result, const Matrix& X, const Matrix& Y) {
  const Index d = X.rows();
  EXPECT_LT((result.orthogonal * result.orthogonal.transpose() - Matrix::Identity(d, d)).norm(),
            1e-12);
  std::vector<bool> used(static_cast<std::size_t>(Y.cols()), false);
  for (const Index j : result.permutation) used[static_cast<std::size_t>(j)] = true;
  EXPECT_THAT(used, ::testing::Each(true));
  const double squared =
      (result.orthogonal * X - Matrix(Y(Eigen::all, result.permutation))).squaredNorm();
  EXPECT_NEAR(result.rms, std::sqrt(squared / static_cast<double>(X.cols())), 1e-12);
  EXPECT_LE(result.lower_bound, result.rms);
}

void expect_congruent(const Matrix& W, std::mt19937_64& random) {
  const Matrix other = disguised(W, random);
  const Congruence result = congruence(W, other);
  expect_consistent(result, W, other);
  EXPECT_LT(result.rms, close) << W.rows() << " x " << W.cols();
}

TEST(Procrustes, FindsRotationsAndReflections) {
  std::mt19937_64 random(1);
  for (const Index d : {1, 2, 3, 7}) {
    const Matrix X = random_matrix(d, 10, random), Q = random_orthogonal(d, random);
    Matrix mirror = Q;
    mirror.col(0) *= -1.0;
    EXPECT_LT((procrustes(X, Q * X) - Q).norm(), close);
    EXPECT_LT((procrustes(X, mirror * X) - mirror).norm(), close);
  }
}

// Against a fine grid of all rotations and reflections of the plane.
TEST(Procrustes, IsTheBestOfAllInThePlane) {
  std::mt19937_64 random(2);
  const Matrix X = random_matrix(2, 6, random), Y = random_matrix(2, 6, random);
  double least = 1e300;
  for (int k = 0; k < 20000; ++k) {
    const double a = 2.0 * std::numbers::pi * k / 20000.0, c = std::cos(a), s = std::sin(a);
    least = std::min(least, (Matrix{{c, -s}, {s, c}} * X - Y).norm());
    least = std::min(least, (Matrix{{c, s}, {s, -c}} * X - Y).norm());
  }
  EXPECT_NEAR((procrustes(X, Y) * X - Y).norm(), least, 1e-6);
}

TEST(Congruence, RecognisesDisguisedRandomColumns) {
  std::mt19937_64 random(3);
  for (const Index d : {1, 2, 3, 8, 30}) {
    for (const Index n : {1, 2, 6, 20, 100}) expect_congruent(random_matrix(d, n, random), random);
  }
}

TEST(Congruence, HasNoUnitOfItsOwn) {
  std::mt19937_64 random(11);
  const Matrix X = random_matrix(5, 8, random), Y = disguised(X, random);
  const Matrix other = random_matrix(5, 8, random);
  const Congruence far = congruence(X, other);
  for (const int exponent : {-1000, -520, -300, 300, 520, 1000}) {
    const double unit = std::ldexp(1.0, exponent);
    EXPECT_LT(congruence(unit * X, unit * Y).rms / unit, close) << exponent;
    const Congruence scaled = congruence(unit * X, unit * other);
    EXPECT_EQ(scaled.rms / unit, far.rms) << exponent;
    EXPECT_EQ(scaled.lower_bound / unit, far.lower_bound) << exponent;
    EXPECT_EQ(scaled.permutation, far.permutation) << exponent;
  }
}

// Symmetry makes many matches equally good at first sight; 24 roots of D₄ and 240 of E₈ too.
TEST(Congruence, RecognisesDisguisedSymmetricConfigurations) {
  std::mt19937_64 random(4);
  for (const Matrix& W :
       {polygon(5), polygon(20), Matrix(antiprism(0.56)), orthoplex(6), simplex(12),
        direct_sum(polygon(5), polygon(5)), direct_sum(direct_sum(polygon(3), digon()), polygon(5)),
        Matrix(direct_sum(icosahedral_lines(), -icosahedral_lines()))}) {
    expect_congruent(W, random);
  }
  Matrix roots(4, 24);
  Index k = 0;
  for (Index i = 0; i < 4; ++i) {
    for (Index j = 0; j < i; ++j) {
      for (const double s : {1.0, -1.0}) {
        for (const double t : {1.0, -1.0})
          roots.col(k++) = s * Vector::Unit(4, i) + t * Vector::Unit(4, j);
      }
    }
  }
  expect_congruent(roots, random);
}

TEST(Congruence, OfDegenerateColumns) {
  std::mt19937_64 random(5);
  const Matrix flat = random_matrix(5, 2, random) * random_matrix(2, 12, random);
  expect_congruent(flat, random);
  expect_congruent(Matrix::Zero(3, 9), random);
  Matrix repeated = random_matrix(3, 10, random);
  repeated.rightCols(5) = repeated.leftCols(5);
  expect_congruent(repeated, random);
}

// The exhaustive search is the truth; the other one must find it nearly always, and never beats it.
TEST(Congruence, SearchAgreesWithAllPermutations) {
  std::mt19937_64 random(6);
  int missed = 0;
  for (int trial = 0; trial < 60; ++trial) {
    const Index d = 2 + trial % 2, n = 4 + trial % 3;
    const Matrix X = random_matrix(d, n, random);
    const Matrix Y = disguised(X, random) + 0.1 * random_matrix(d, n, random);
    const Congruence all = congruence(X, Y);
    const Congruence searched = congruence(X, Y, {.exhaustive = 0});
    expect_consistent(all, X, Y);
    expect_consistent(searched, X, Y);
    EXPECT_GE(searched.rms, all.rms - close);
    missed += searched.rms > all.rms + close;
  }
  EXPECT_LE(missed, 3);
}

// Noise of size s is undone but for the part that looks like a rotation.
TEST(Congruence, SeesThroughNoise) {
  std::mt19937_64 random(7);
  for (const double size : {1e-9, 1e-4, 1e-2}) {
    for (const Matrix& W : {random_matrix(5, 40, random), orthoplex(8), polygon(11)}) {
      const Matrix noise = size * random_matrix(W.rows(), W.cols(), random);
      const double rms = noise.norm() / std::sqrt(static_cast<double>(W.cols()));
      const Congruence result = congruence(W, disguised(W + noise, random));
      EXPECT_LE(result.rms, rms * (1.0 + 1e-9));
      EXPECT_GE(result.rms, 0.5 * rms);
    }
  }
}

// A square of side √2 and a digon with two points of a line: the plane is full for one only.
TEST(Congruence, OfColumnsThatAreNotCongruent) {
  const Matrix square = polygon(4);
  const Matrix line{{1, -1, 1, -1}, {0, 0, 0, 0}};
  const Congruence result = congruence(square, line);
  expect_consistent(result, square, line);
  // tr of the singular values of line·Xᵀ is at most 2√2, so Σ|Qx − y|² ≥ 8 − 4√2, reached at 45°.
  EXPECT_NEAR(result.rms, std::sqrt((8.0 - 4.0 * std::sqrt(2.0)) / 4.0), close);
  EXPECT_GT(result.lower_bound, 0.5);
}

// Where the bound is not reached, its value by hand: of the norms (1, 2, 4) against (1, 2, 3), and
// of the singular values √1.5, √1.5 against √3, 0.
TEST(Congruence, LowerBoundIsTheOneThatWasProved) {
  const Congruence norms = congruence(Matrix{{1, 2, 4}}, Matrix{{-1, 2, 3}});
  EXPECT_NEAR(norms.rms, std::sqrt(5.0 / 3.0), close);
  EXPECT_NEAR(norms.lower_bound, std::sqrt(1.0 / 3.0), close);
  const Congruence spectra = congruence(polygon(3), Matrix{{1, 1, -1}, {0, 0, 0}});
  EXPECT_NEAR(spectra.rms, std::sqrt(2.0 / 3.0), close);
  EXPECT_NEAR(spectra.lower_bound, std::sqrt((6.0 - 3.0 * std::sqrt(2.0)) / 3.0), close);
}

TEST(Congruence, DoesNotDependOnTheOrderOfArguments) {
  std::mt19937_64 random(8);
  for (int trial = 0; trial < 20; ++trial) {
    const Matrix X = random_matrix(3, 6, random), Y = random_matrix(3, 6, random);
    EXPECT_NEAR(congruence(X, Y).rms, congruence(Y, X).rms, close);
  }
}

TEST(Congruence, RefusesWhatCannotBeCompared) {
  EXPECT_THROW(congruence(polygon(3), polygon(4)), std::invalid_argument);
  EXPECT_THROW(congruence(polygon(3), tetrahedron()), std::invalid_argument);
  EXPECT_THROW(congruence(Matrix(2, 0), Matrix(2, 0)), std::invalid_argument);
  EXPECT_THROW(congruence(polygon(3), polygon(3), {.beam = 0}), std::invalid_argument);
  EXPECT_THROW(procrustes(polygon(3), polygon(4)), std::invalid_argument);
  Matrix bad = polygon(3);
  bad(0, 0) = std::nan("");
  EXPECT_THROW(congruence(polygon(3), bad), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::geometry
