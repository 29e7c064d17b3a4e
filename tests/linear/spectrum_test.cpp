#include "skeleta/linear/spectrum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "linear/random_moments.h"

namespace skeleta::linear {
namespace {

TEST(Spectrum, FindsPlantedEigenvalues) {
  std::mt19937_64 random(1);
  for (const double condition : {1.0, 1e4, 1e8}) {
    Vector planted(6);
    for (Index i = 0; i < 6; ++i) planted(i) = std::pow(condition, -static_cast<double>(i) / 5.0);
    const Matrix Sigma = random_moment(planted, random);
    const Spectrum found = spectrum(Sigma);
    EXPECT_LT((found.eigenvalues - planted).norm(), 1e-14);
    EXPECT_LT((data_matrix(found) - Sigma).norm(), 1e-14);
    EXPECT_EQ(found.groups.size(), condition == 1.0 ? 2u : 7u);
  }
}

TEST(Spectrum, GroupsEqualEigenvalues) {
  std::mt19937_64 random(2);
  const Matrix Sigma = random_moment(Vector{{3.0, 2.0, 2.0, 2.0, 0.0, 0.0}}, random);
  EXPECT_THAT(spectrum(Sigma).groups, ::testing::ElementsAre(0, 1, 4, 6));
  EXPECT_GE(spectrum(Sigma).eigenvalues.minCoeff(), 0.0);
}

TEST(Spectrum, SortsAndSaysSo) {
  const Spectrum found = diagonal_spectrum(Vector{{1.0, 5.0, 3.0}});
  EXPECT_FALSE(found.sorted);
  EXPECT_EQ(found.eigenvalues, (Vector{{5.0, 3.0, 1.0}}));
  EXPECT_EQ(data_matrix(found), Matrix(Vector{{1.0, 5.0, 3.0}}.asDiagonal()));
  EXPECT_TRUE(diagonal_spectrum(Vector{{5.0, 3.0, 3.0}}).sorted);
}

// Moments of low rank that were stored in single precision.
TEST(Spectrum, TakesRoundingToSinglePrecisionForRounding) {
  std::mt19937_64 random(3);
  int mended = 0;
  for (int k = 0; k < 200; ++k) {
    const Index D = 2 + k % 30;
    Vector planted = Vector::Zero(D);
    planted(0) = 3.0;
    if (k % 2 == 1) planted(1) = 1.0;
    const Matrix Sigma = random_moment(planted, random).cast<float>().cast<double>();
    const Spectrum found = spectrum(Sigma);
    EXPECT_NEAR(found.eigenvalues(0), 3.0, 1e-6);
    EXPECT_GE(found.eigenvalues.minCoeff(), 0.0);
    mended += found.negative < 0.0;
  }
  EXPECT_GT(mended, 100);
  EXPECT_EQ(spectrum(Matrix::Identity(3, 3)).negative, 0.0);
  EXPECT_THROW(spectrum(Matrix(Vector{{1.0, -1e-6}}.asDiagonal())), std::invalid_argument);
}

// Eigenvalues times 2^k, to the bit; sums of theirs that leave the range of double are refused.
TEST(Spectrum, OnlyScales) {
  std::mt19937_64 random(4);
  const Matrix Sigma = random_moment(Vector{{3.0, 2.0, 2.0, 1e-3}}, random);
  const Spectrum one = spectrum(Sigma);
  for (const double c : {0x1p-900, 0x1p-30, 0x1p30, 0x1p900}) {
    const Spectrum scaled = spectrum(c * Sigma);
    EXPECT_LT((scaled.eigenvalues / c - one.eigenvalues).norm(), 1e-14) << c;
    EXPECT_EQ(scaled.groups, one.groups) << c;
  }
  for (const Vector& large : {Vector{{1e308, 1e307}}, Vector{{1e308, 1e308, 1e308}}}) {
    EXPECT_THAT([&] { diagonal_spectrum(large); },
                ::testing::ThrowsMessage<std::invalid_argument>(
                    ::testing::HasSubstr("divide Sigma by a number")));
    EXPECT_THROW(spectrum(Matrix(large.asDiagonal())), std::invalid_argument);
  }
}

TEST(Spectrum, BadInputSaysByHowMuch) {
  Matrix Sigma = Matrix::Identity(3, 3);
  Sigma(0, 1) = 0.25;
  EXPECT_THAT([&] { spectrum(Sigma); },
              ::testing::ThrowsMessage<std::invalid_argument>(
                  "Sigma is not symmetric: it differs from its transpose by 0.25"));
  EXPECT_THAT(
      [&] {
        spectrum(Matrix(Vector{{1.0, -0.5}}.asDiagonal()));
      },
      ::testing::ThrowsMessage<std::invalid_argument>(
          "Sigma is not positive semi-definite: its least eigenvalue is -0.5"));
  EXPECT_THROW(spectrum(Matrix::Ones(2, 3)), std::invalid_argument);
  EXPECT_THROW(spectrum(Matrix::Constant(2, 2, NAN)), std::invalid_argument);
  EXPECT_THROW(diagonal_spectrum(Vector{{1.0, -1.0}}), std::invalid_argument);
  EXPECT_THROW(diagonal_spectrum(Vector()), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::linear
