#include "skeleta/thomson/sphere_energy.h"

#include <gtest/gtest.h>

#include <cmath>

#include "geometry/configurations.h"

namespace skeleta::thomson {
namespace {

using geometry::random_matrix;

const std::vector<PairEnergy> energies{
    coulomb, logarithmic, {Potential::riesz, 3.0}, {Potential::relu, 0.0}, {Potential::relu, 0.2}};

double by_definition(const PairEnergy& energy, const Matrix& X) {
  double sum = 0.0;
  for (Index j = 0; j < X.cols(); ++j) {
    for (Index i = 0; i < j; ++i) {
      sum += pair_energy(energy, X.col(i).normalized().dot(X.col(j).normalized()));
    }
  }
  return sum;
}

TEST(SphereEnergy, IsTheSumOverPairs) {
  std::mt19937_64 random(1);
  for (const auto& [d, n] : {std::pair{1, 2}, {2, 5}, {3, 40}, {8, 17}, {5, 1}}) {
    const Matrix X = random_matrix(d, n, random);
    for (const PairEnergy& energy : energies) {
      const double expected = by_definition(energy, X);
      EXPECT_NEAR(sphere_energy(energy, X), expected, 1e-12 * (1.0 + std::abs(expected)));
    }
  }
}

// Tetrahedron: 6 pairs at √(8/3). Octahedron: 12 at √2, 3 at 2.
TEST(SphereEnergy, KnownValues) {
  EXPECT_NEAR(sphere_energy(coulomb, geometry::tetrahedron()), 6.0 * std::sqrt(3.0 / 8.0), 1e-14);
  EXPECT_NEAR(sphere_energy(coulomb, geometry::orthoplex(3)), 12.0 / std::sqrt(2.0) + 1.5, 1e-14);
  EXPECT_NEAR(sphere_energy(logarithmic, geometry::orthoplex(3)), -9.0 * std::log(2.0), 1e-14);
}

TEST(SphereEnergy, GradientAgreesWithDifferences) {
  std::mt19937_64 random(2);
  constexpr double h = 1e-5;
  for (const PairEnergy& energy : energies) {
    const Matrix X = random_matrix(4, 9, random), V = random_matrix(4, 9, random);
    Matrix gradient;
    EXPECT_NEAR(sphere_gradient(energy, X, gradient), sphere_energy(energy, X),
                1e-13 * sphere_energy(coulomb, X));
    const double slope =
        (sphere_energy(energy, X + h * V) - sphere_energy(energy, X - h * V)) / (2 * h);
    EXPECT_NEAR(gradient.cwiseProduct(V).sum(), slope, 1e-6 * (1.0 + std::abs(slope)));
    // Lengths do not matter, so the gradient has no part along the points.
    EXPECT_LT(gradient.cwiseProduct(X).colwise().sum().norm(), 1e-12 * (1.0 + gradient.norm()));
  }
}

// Along the geodesics x cos|v|t + v/|v| sin|v|t the second derivative of E is V·HV.
TEST(SphereEnergy, HessianAgreesWithDifferencesOfTheGradient) {
  std::mt19937_64 random(3);
  constexpr double h = 1e-5;
  for (const PairEnergy& energy : energies) {
    Matrix X = random_matrix(3, 8, random), V = random_matrix(3, 8, random);
    Matrix U = random_matrix(3, 8, random);
    X.colwise().normalize();
    for (Matrix* T : {&V, &U}) {
      *T -= Matrix(X * X.cwiseProduct(*T).colwise().sum().asDiagonal());
    }
    const auto moved = [&](double t) {
      Matrix Y = X;
      for (Index i = 0; i < X.cols(); ++i) {
        const double speed = V.col(i).norm();
        Y.col(i) = X.col(i) * std::cos(speed * t) + V.col(i) / speed * std::sin(speed * t);
      }
      return Y;
    };
    const Matrix product = sphere_hessian_product(energy, X, V);
    Matrix low, high;
    sphere_gradient(energy, moved(-h), low);
    sphere_gradient(energy, moved(h), high);
    const Matrix difference = (high - low) / (2 * h);
    const double scale = 1.0 + product.norm();
    // Only tangent parts mean anything.
    EXPECT_NEAR(U.cwiseProduct(product).sum(), U.cwiseProduct(difference).sum(), 1e-6 * scale)
        << name(energy);
    EXPECT_NEAR(U.cwiseProduct(product).sum(),
                V.cwiseProduct(sphere_hessian_product(energy, X, U)).sum(), 1e-11 * scale);
  }
}

TEST(SphereEnergy, DoesNotChangeUnderRotationOrRelabelling) {
  std::mt19937_64 random(4);
  for (const PairEnergy& energy : energies) {
    const Matrix X = random_matrix(3, 20, random);
    const double value = sphere_energy(energy, X);
    EXPECT_NEAR(sphere_energy(energy, geometry::disguised(X, random)), value,
                1e-12 * std::abs(value));
  }
}

TEST(SphereEnergy, BadInput) {
  Matrix X = Matrix::Identity(3, 3);
  X.col(1).setZero();
  EXPECT_THROW(sphere_energy(coulomb, X), std::invalid_argument);
  EXPECT_THROW(sphere_energy(coulomb, Matrix()), std::invalid_argument);
  X(0, 1) = NAN;
  EXPECT_THROW(sphere_energy(coulomb, X), std::invalid_argument);
  EXPECT_THROW(sphere_energy({Potential::riesz, -1.0}, Matrix::Identity(3, 3)),
               std::invalid_argument);
  EXPECT_EQ(sphere_energy(coulomb, Matrix::Ones(3, 2)), INFINITY);
}

}  // namespace
}  // namespace skeleta::thomson
