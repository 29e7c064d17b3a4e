#include "skeleta/linear/linear_autoencoder.h"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>

#include "linear/random_moments.h"
#include "skeleta/linear/spectrum.h"
#include "skeleta/optimize/lbfgs.h"

namespace skeleta::linear {
namespace {

TEST(LinearAutoencoder, LossOfDataIsTheSumOfSquares) {
  std::mt19937_64 random(1);
  for (const auto& [D, d, T] : {std::tuple{1, 1, 3}, {5, 2, 40}, {7, 7, 4}}) {
    const LinearAutoencoder model{random_matrix(D, d, random), random_matrix(d, D, random)};
    const Matrix X = random_matrix(D, T, random);
    double sum = 0.0;
    for (Index t = 0; t < T; ++t) sum += (X.col(t) - model.A * model.B * X.col(t)).squaredNorm();
    EXPECT_NEAR(data_loss(model, X), sum, 1e-12 * sum);
    EXPECT_NEAR(loss(model, second_moment(X)), sum, 1e-12 * sum);
  }
}

TEST(LinearAutoencoder, GradientAgreesWithDifferences) {
  std::mt19937_64 random(2);
  constexpr double h = 1e-5;
  const Matrix Sigma = random_moment(Vector{{3.0, 2.0, 1.0, 0.1, 0.0}}, random);
  const LinearAutoencoder model{random_matrix(5, 2, random), random_matrix(2, 5, random)};
  const LinearAutoencoder along{random_matrix(5, 2, random), random_matrix(2, 5, random)};
  const auto at = [&](double t) {
    return loss({model.A + t * along.A, model.B + t * along.B}, Sigma);
  };
  const LinearAutoencoder slope = gradient(model, Sigma);
  const double exact = slope.A.cwiseProduct(along.A).sum() + slope.B.cwiseProduct(along.B).sum();
  EXPECT_NEAR(exact, (at(h) - at(-h)) / (2 * h), 1e-6 * std::abs(exact));
}

// (A, B) → (AC, C⁻¹B) is the same map.
TEST(LinearAutoencoder, BasisOfTheHiddenSpaceDoesNotMatter) {
  std::mt19937_64 random(3);
  const Matrix Sigma = random_moment(Vector{{3.0, 2.0, 1.0, 0.1}}, random);
  const Matrix A = random_matrix(4, 2, random), B = random_matrix(2, 4, random);
  const Matrix C = random_matrix(2, 2, random);
  const double value = loss({A, B}, Sigma);
  EXPECT_NEAR(loss({A * C, C.inverse() * B}, Sigma), value, 1e-11 * value);
}

// Eckart, Young and Mirsky: no (A, B) has less than the eigenvalues left out, and descent from
// random starts finds it.
TEST(LinearAutoencoder, DescentFindsThePrincipalComponents) {
  std::mt19937_64 random(4);
  const Matrix Sigma = random_moment(Vector{{5.0, 4.0, 3.0, 2.0, 1.0}}, random);
  const auto unpack = [](const Vector& x) {
    return LinearAutoencoder{x.head(10).reshaped(5, 2), x.tail(10).reshaped(2, 5)};
  };
  const auto objective = [&](const Vector& x, Vector& slope) {
    const LinearAutoencoder model = unpack(x), g = gradient(model, Sigma);
    slope << g.A.reshaped(), g.B.reshaped();
    return loss(model, Sigma);
  };
  for (int start = 0; start < 5; ++start) {
    Vector x = random_matrix(20, 1, random);
    optimize::Lbfgs({.gradient_tolerance = 1e-9}).minimize(objective, x);
    EXPECT_NEAR(loss(unpack(x), Sigma), 3.0 + 2.0 + 1.0, 1e-10);
  }
}

TEST(LinearAutoencoder, BadInput) {
  const LinearAutoencoder model{Matrix::Ones(3, 2), Matrix::Ones(2, 3)};
  EXPECT_THROW(validate({Matrix::Ones(3, 2), Matrix::Ones(3, 2)}), std::invalid_argument);
  EXPECT_THROW(validate({Matrix(), Matrix()}), std::invalid_argument);
  EXPECT_THROW(validate({Matrix::Constant(3, 2, NAN), model.B}), std::invalid_argument);
  EXPECT_THROW(loss(model, Matrix::Identity(2, 2)), std::invalid_argument);
  EXPECT_THROW(predict(model, Matrix::Ones(2, 5)), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::linear
