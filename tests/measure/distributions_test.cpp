#include "measure/distributions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace skeleta {
namespace {

// P(X ≥ k) of n trials, term by term.
double at_least(int k, int n, double p) {
  double sum = 0.0;
  for (int l = k; l <= n; ++l) {
    sum += std::exp(std::lgamma(n + 1.0) - std::lgamma(l + 1.0) - std::lgamma(n - l + 1.0) +
                    l * std::log(p) + (n - l) * std::log1p(-p));
  }
  return sum;
}

TEST(Distributions, NormalQuantilesAreThoseOfTheErrorFunction) {
  EXPECT_NEAR(normal_quantile(0.025), 1.959963984540054, 1e-14);  // Abramowitz & Stegun, table 26.5
  for (const double above : {1e-12, 1e-3, 0.3, 0.9}) {
    const double x = normal_quantile(above);
    EXPECT_NEAR(0.5 * std::erfc(x / std::numbers::sqrt2), above, 1e-13 * above);
  }
}

TEST(Distributions, StudentQuantilesHaveClosedFormsForOneTwoAndManyDegrees) {
  for (const double above : {1e-3, 0.025, 0.4}) {
    const double one = std::tan(std::numbers::pi * (0.5 - above)), centre = 1.0 - 2.0 * above;
    EXPECT_NEAR(student_quantile(1.0, above), one, 1e-12 * one);
    const double two = centre * std::sqrt(0.5 / (above * (1.0 - above)));
    EXPECT_NEAR(student_quantile(2.0, above), two, 1e-12 * two);
    EXPECT_NEAR(student_quantile(1e9, above), normal_quantile(above), 1e-7);
  }
}

TEST(Distributions, BinomialCoefficientsAndPoissonTailsAreTheirSums) {
  EXPECT_DOUBLE_EQ(binomial_coefficient(10, 3), 120.0);
  EXPECT_DOUBLE_EQ(binomial_coefficient(7, 0), 1.0);
  EXPECT_NEAR(binomial_coefficient(60, 30) / 118264581564861424.0, 1.0, 1e-14);
  EXPECT_EQ(poisson_tail(3.0, 0), 1.0);
  EXPECT_EQ(poisson_tail(0.0, 2), 0.0);
  for (const double mean : {1e-8, 0.5, 4.0}) {
    EXPECT_NEAR(poisson_tail(mean, 1) / -std::expm1(-mean), 1.0, 1e-14);
    double rest = 1.0, term = std::exp(-mean);
    for (int k = 0; k < 3; ++k, term *= mean / k) rest -= term;
    EXPECT_NEAR(poisson_tail(mean, 3), rest, 1e-15);
  }
}

TEST(Distributions, LimitsOfAProbabilityArePassedAsOftenAsTheySay) {
  for (const auto& [count, trials] : {std::pair(1, 3), std::pair(5, 10), std::pair(40, 41)}) {
    const auto [lower, upper] = probability_limits(count, trials, 0.025);
    EXPECT_NEAR(at_least(count, trials, lower), 0.025, 1e-12);
    EXPECT_NEAR(1.0 - at_least(count + 1, trials, upper), 0.025, 1e-12);
  }
  const auto none = probability_limits(0, 20, 0.025), all = probability_limits(20, 20, 0.025);
  EXPECT_EQ(none.lower, 0.0);
  EXPECT_NEAR(none.upper, 1.0 - std::pow(0.025, 1.0 / 20.0), 1e-14);
  EXPECT_EQ(all.upper, 1.0);
  EXPECT_NEAR(all.lower, std::pow(0.025, 1.0 / 20.0), 1e-14);
}

}  // namespace
}  // namespace skeleta
