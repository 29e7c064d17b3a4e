#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "skeleta/estimate/integrate.h"

namespace skeleta::estimate {
namespace {

// Σ x and a ripple of the given height, which the control Σ x does not explain.
class KnownErrors : public ::testing::Test {
 protected:
  static double sum(const SparsePoint& point) {
    double total = 0.0;
    for (const double x : point.value) total += x;
    return total;
  }

  static Known fitted(double least_variance_ratio) {
    Known known;
    known.controls = {sum, Vector::LinSpaced(7, 0.0, 3.0), {std::nullopt}};
    known.least_variance_ratio = least_variance_ratio;
    return known;
  }

  static IntegralBySkeleton integral(double ripple, const Known& known, const Options& options) {
    const auto f = [ripple](const SparsePoint& point) {
      return sum(point) + ripple * std::cos(40.0 * sum(point));
    };
    return integrate(Features::uniform(6, 0.4), f, options, known);
  }

  static Options samples(std::uint64_t count) {
    Options options;
    options.samples = count;
    return options;
  }
};

// A control that leaves a thousandth is believed to leave a hundredth: √(.01/ratio) of the error.
TEST_F(KnownErrors, AFitThatExplainsTooMuchIsNotBelieved) {
  const IntegralBySkeleton told = integral(0.02, fitted(0.0), samples(4000));
  const IntegralBySkeleton cautious = integral(0.02, fitted(0.01), samples(4000));
  ASSERT_LT(told.variance_ratio, 0.005);
  ASSERT_GT(told.variance_ratio, 0.0);
  const double factor = std::sqrt(0.01 / told.variance_ratio);
  EXPECT_EQ(cautious.value, told.value);
  EXPECT_EQ(cautious.samples, told.samples);
  EXPECT_NEAR(cautious.standard_error / told.standard_error, factor, 1e-12 * factor);
  EXPECT_NEAR(cautious.rest_standard_error / told.rest_standard_error, factor, 1e-12 * factor);
  EXPECT_NEAR((cautious.high - cautious.low) / (told.high - told.low), factor, 1e-9 * factor);
}

TEST_F(KnownErrors, AFitThatLeavesEnoughIsBelieved) {
  const IntegralBySkeleton told = integral(0.2, fitted(0.0), samples(4000));
  const IntegralBySkeleton same = integral(0.2, fitted(0.01), samples(4000));
  ASSERT_GT(told.variance_ratio, 0.01);
  ASSERT_LT(told.variance_ratio, 0.9);  // the control is used
  EXPECT_EQ(same.standard_error, told.standard_error);
  EXPECT_EQ(same.high, told.high);
}

// Sampling goes on until the error that is told meets the target.
TEST_F(KnownErrors, ThePrecisionIsThatOfTheCautiousError) {
  Options options;
  options.relative_tolerance = 1e-4;
  const IntegralBySkeleton told = integral(0.02, fitted(0.0), options);
  const IntegralBySkeleton cautious = integral(0.02, fitted(0.01), options);
  EXPECT_EQ(cautious.stop_reason, StopReason::precision);
  EXPECT_LE(cautious.standard_error, 1e-4 * cautious.value);
  EXPECT_GT(cautious.samples, told.samples);
}

TEST_F(KnownErrors, AFewPointsDoNotBearOutAFit) {
  EXPECT_EQ(integral(0.02, fitted(0.01), samples(200)).stop_reason, StopReason::unreliable);
  EXPECT_EQ(integral(0.02, fitted(0.01), samples(1000)).stop_reason, StopReason::samples);
  EXPECT_EQ(integral(0.02, fitted(0.0), samples(200)).stop_reason, StopReason::samples);
}

// 30/n of n points: it adds to the variance, and to the interval as a normal error does.
TEST_F(KnownErrors, WhatSoManyPointsMissIsAPartOfTheStandardError) {
  constexpr double normal = 1.959963984540054;  // of 95 %
  for (const Method method : {Method::plain, Method::stratified}) {
    Options options = samples(3000);
    options.method = method;
    Known known;
    const IntegralBySkeleton seen = integral(0.5, known, options);
    known.missed = [](std::span<const SampledRange> ranges) {
      double points = 0.0;
      for (const SampledRange& sampled : ranges) points += sampled.points;
      return 30.0 / points;
    };
    const IntegralBySkeleton all = integral(0.5, known, options);
    const double missed = 30.0 / static_cast<double>(seen.samples);
    EXPECT_EQ(all.value, seen.value);
    EXPECT_NEAR(all.standard_error, std::hypot(seen.standard_error, missed), 1e-14);
    EXPECT_NEAR(all.rest_standard_error, std::hypot(seen.rest_standard_error, missed), 1e-14);
    const double half = 0.5 * (seen.high - seen.error_bound - seen.low);
    EXPECT_NEAR(all.value - all.low, std::hypot(half, normal * missed), 1e-12) << to_string(method);
  }
}

// Each range of skeletons is told with its own points and probability.
TEST_F(KnownErrors, WhatIsMissedIsAskedBySkeleton) {
  const ActiveCount law(Vector::Constant(6, 0.4));
  Known known;
  known.missed = [&](std::span<const SampledRange> ranges) {
    double points = 0.0, probability = 0.0;
    for (const SampledRange& sampled : ranges) {
      EXPECT_NEAR(sampled.probability, law.probability(sampled.range), 1e-15);
      points += sampled.points;
      probability += sampled.probability;
    }
    EXPECT_NEAR(probability, 1.0, 1e-12);
    EXPECT_EQ(ranges.size(), 7u);
    return points == 3000.0 ? 0.0 : 1e3;
  };
  EXPECT_LT(integral(0.5, known, samples(3000)).standard_error, 1e3);
}

// No number of points takes away what none of them meets.
TEST_F(KnownErrors, NoPrecisionIsReachedBelowWhatIsMissed) {
  Options options;
  options.relative_tolerance = 0.01;
  options.max_samples = 100'000;
  Known known;
  EXPECT_EQ(integral(0.5, known, options).stop_reason, StopReason::precision);
  known.missed = [](std::span<const SampledRange>) { return 0.1; };  // the integral is about 1.2
  const IntegralBySkeleton result = integral(0.5, known, options);
  EXPECT_EQ(result.stop_reason, StopReason::max_samples);
  EXPECT_GT(result.standard_error, 0.1);
}

}  // namespace
}  // namespace skeleta::estimate
