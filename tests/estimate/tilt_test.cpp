#include "estimate/tilt.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support.h"

namespace skeleta::estimate {
namespace {

// P(A | N = l) of every support by definition.
std::vector<double> law_of_supports(const Vector& density, Index l) {
  std::vector<double> law(std::size_t{1} << density.size(), 0.0);
  double total = 0.0;
  for (std::uint32_t support = 0; support < law.size(); ++support) {
    if (std::popcount(support) != l) continue;
    law[support] = 1.0;
    for (Index j = 0; j < density.size(); ++j) {
      law[support] *= (support >> j) & 1u ? density(j) : 1.0 - density(j);
    }
    total += law[support];
  }
  for (double& p : law) p /= total;
  return law;
}

TEST(Tilt, WeightsAreTheRatioOfTheTwoLaws) {
  Vector density(6), factor(6);
  density << 0.1, 0.4, 1.0, 0.0, 0.7, 0.02;
  factor << 3.0, 0.2, 5.0, 5.0, 1.0, 8.0;
  const Tilt tilt(ActivityTree::independent(density), factor, 5);
  const Vector& other = tilt.activity().density();
  EXPECT_NEAR(other.sum(), density.sum(), 1e-9);
  EXPECT_EQ(other(2), 1.0);
  EXPECT_EQ(other(3), 0.0);
  const std::vector<double> value(6, 0.5);
  for (Index l = 1; l <= 5; ++l) {
    const auto plain = law_of_supports(density, l), tilted = law_of_supports(other, l);
    for (std::uint32_t support = 0; support < plain.size(); ++support) {
      if (tilted[support] == 0.0) continue;
      std::vector<std::int32_t> active;
      for (int j = 0; j < 6; ++j) {
        if ((support >> j) & 1u) active.push_back(j);
      }
      const double weight = tilt.weight({active, std::span(value).first(active.size())});
      EXPECT_NEAR(weight, plain[support] / tilted[support], 1e-12 * weight) << support;
    }
  }
}

TEST(Tilt, DoesNotUnderflowForThousandsOfDenseFeatures) {
  std::mt19937_64 random(2);
  const Features features = testing::random_features(3000, 1.0, random);
  const Vector factor = Vector::LinSpaced(3000, 0.125, 8.0);
  const Tilt tilt(ActivityTree::independent(features.density), factor, 1600);
  std::vector<std::int32_t> active(1500);
  for (std::size_t k = 0; k < active.size(); ++k) active[k] = static_cast<std::int32_t>(2 * k);
  const std::vector<double> value(1500, 0.5);
  EXPECT_TRUE(std::isfinite(tilt.weight({active, value})));
}

// Feature 3 makes all of f: importance sampling draws it more often and needs fewer points.
TEST(Importance, SavesPointsWhereFewFeaturesMatter) {
  const Features features = Features::uniform(40, 0.05);
  const auto third = [](const SparsePoint& point) {
    for (std::size_t k = 0; k < point.count(); ++k) {
      if (point.active[k] == 3) return point.value[k];
    }
    return 0.0;
  };
  Options options;
  options.relative_tolerance = 2e-3;
  const IntegralBySkeleton plain = integrate(features, third, options);
  options.method = Method::importance;
  const IntegralBySkeleton tilted = integrate(features, third, options);
  EXPECT_NEAR(tilted.value, 0.025, 5 * tilted.standard_error);
  EXPECT_LT(3 * tilted.samples, plain.samples);
  EXPECT_LT(tilted.effective_samples, static_cast<double>(tilted.samples));
  EXPECT_GT(tilted.effective_samples, 0.0);
}

}  // namespace
}  // namespace skeleta::estimate
