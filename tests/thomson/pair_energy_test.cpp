#include "skeleta/thomson/pair_energy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <vector>

namespace skeleta::thomson {
namespace {

const std::vector<PairEnergy> energies{coulomb,
                                       logarithmic,
                                       {Potential::riesz, 2.0},
                                       {Potential::riesz, 0.5},
                                       {Potential::riesz, 12.0},
                                       {Potential::relu, 0.0},
                                       {Potential::relu, 0.3}};

struct Derivatives {
  double value, slope, curvature;
};

Derivatives at(const PairEnergy& energy, double u) {
  Derivatives d{};
  pair_energies(energy, {&u, 1}, {&d.value, 1}, {&d.slope, 1}, {&d.curvature, 1});
  return d;
}

// Right angles are √2 apart, opposite points 2, and u = 1/2 is distance 1.
TEST(PairEnergy, KnownValues) {
  EXPECT_DOUBLE_EQ(pair_energy(coulomb, -1.0), 0.5);
  EXPECT_DOUBLE_EQ(pair_energy(coulomb, 0.0), std::sqrt(0.5));
  EXPECT_DOUBLE_EQ(pair_energy(logarithmic, -1.0), -std::log(2.0));
  EXPECT_DOUBLE_EQ(pair_energy(logarithmic, 0.5), 0.0);
  EXPECT_DOUBLE_EQ(pair_energy({Potential::riesz, 6.0}, 0.0), 0.125);
  EXPECT_DOUBLE_EQ(pair_energy({Potential::relu, 0.0}, 0.6), 0.12);
  EXPECT_DOUBLE_EQ(pair_energy({Potential::relu, 0.0}, 0.0), 0.0);
  EXPECT_DOUBLE_EQ(pair_energy({Potential::relu, 0.25}, 0.2), 0.0);
  EXPECT_EQ(pair_energy(coulomb, 1.0), INFINITY);
}

// V_c(u) = ∫₀¹ (ut − c)₊² dt, over [c/u, 1] where the integrand is a polynomial.
TEST(PairEnergy, ReluIsAnIntegral) {
  for (const double c : {0.0, 0.1, 0.7}) {
    for (const double u : {0.05, 0.3, 0.71, 1.0}) {
      const double from = std::min(1.0, c / u);
      const double integral = boost::math::quadrature::gauss<double, 7>::integrate(
          [&](double t) { return (u * t - c) * (u * t - c); }, from, 1.0);
      EXPECT_NEAR(pair_energy({Potential::relu, c}, u), integral, 1e-15) << c << ' ' << u;
    }
  }
}

TEST(PairEnergy, DerivativesAgreeWithDifferences) {
  constexpr double h = 1e-6;
  for (const PairEnergy& energy : energies) {
    for (const double u : {-0.95, -0.4, 0.2, 0.45, 0.8}) {
      const Derivatives d = at(energy, u), low = at(energy, u - h), high = at(energy, u + h);
      const double scale = 1.0 + std::abs(d.value) + std::abs(d.slope) + std::abs(d.curvature);
      EXPECT_NEAR(d.slope, (high.value - low.value) / (2 * h), 3e-9 * scale) << name(energy);
      EXPECT_NEAR(d.curvature, (high.slope - low.slope) / (2 * h), 3e-9 * scale) << name(energy);
    }
  }
}

// Riesz energies approach the logarithm: (r^−s − 1)/s → −log r.
TEST(PairEnergy, LogarithmIsTheLimit) {
  constexpr double s = 1e-6;
  for (const double u : {-0.9, 0.3, 0.99}) {
    EXPECT_NEAR((pair_energy({Potential::riesz, s}, u) - 1.0) / s, pair_energy(logarithmic, u),
                1e-5);
  }
}

TEST(PairEnergy, NamesAndBack) {
  EXPECT_EQ(name(coulomb), "coulomb");
  EXPECT_EQ(name(logarithmic), "log");
  EXPECT_EQ(name({Potential::riesz, 2.5}), "riesz:2.5");
  EXPECT_EQ(parse_pair_energy("riesz:1"), coulomb);
  EXPECT_EQ(parse_pair_energy("riesz:0"), logarithmic);
  for (const PairEnergy& energy : energies) EXPECT_EQ(parse_pair_energy(name(energy)), energy);
}

TEST(PairEnergy, RefusesWhatIsNone) {
  for (const char* text : {"", "newton", "riesz", "riesz:", "riesz:x", "riesz:1x", "riesz:-1",
                           "riesz:101", "riesz:nan", "relu:1", "relu:-0.1", "log:2"}) {
    EXPECT_THROW(parse_pair_energy(text), std::invalid_argument) << text;
  }
  EXPECT_THAT([] { parse_pair_energy("riesz:-1"); },
              ::testing::ThrowsMessage<std::invalid_argument>(
                  "s of a Riesz energy must lie in [0, 100], not -1"));
}

}  // namespace
}  // namespace skeleta::thomson
