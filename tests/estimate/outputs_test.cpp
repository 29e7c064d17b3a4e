#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "skeleta/estimate/integrate.h"
#include "support.h"

namespace skeleta::estimate {
namespace {

double sum(const SparsePoint& point) {
  double total = 0.0;
  for (const double x : point.value) total += x;
  return total;
}

// Σ x, (Σ x)² and 3 Σ x + 2: the first two from the moments of the measure, the third follows.
TEST(Outputs, ShareTheirPoints) {
  const Features features = Features::uniform(10, 0.3);
  const Integrand three(3, [](const SparsePoint& point, std::span<double> y) {
    y[0] = sum(point);
    y[1] = y[0] * y[0];
    y[2] = 3.0 * y[0] + 2.0;
  });
  const double mean = 1.5, second = 10 * (0.1 - 0.0225) + mean * mean;
  for (const Method method :
       {Method::plain, Method::stratified, Method::quasi, Method::importance}) {
    Options options;
    options.method = method;
    const SampledIntegrals result = integrate_all(features, three, options);
    ASSERT_EQ(result.outputs.size(), 3u);
    const double expected[] = {mean, second, 3 * mean + 2};
    for (std::size_t a = 0; a < 3; ++a) {
      const IntegralBySkeleton& output = result.outputs[a];
      EXPECT_NEAR(output.value, expected[a], 6 * output.standard_error) << to_string(method);
      EXPECT_LE(output.standard_error, 1e-3 * output.value);
      EXPECT_GT(output.standard_error, 0.0);
      const auto k = static_cast<Index>(a);
      EXPECT_NEAR(result.covariance(k, k), std::pow(output.standard_error, 2),
                  1e-9 * result.covariance(k, k));
    }
    // The third output is the first one in another unit, up to rounding and (importance) the
    // weights, which multiply the 2 too.
    if (method == Method::importance) continue;
    EXPECT_NEAR(result.outputs[2].value, 3 * result.outputs[0].value + 2, 1e-12);
    EXPECT_NEAR(result.covariance(0, 2), 3 * result.covariance(0, 0),
                1e-9 * result.covariance(0, 0));
    EXPECT_GT(result.covariance(0, 1), 0.0);
    EXPECT_EQ(result.covariance(0, 1), result.covariance(1, 0));
  }
}

TEST(Outputs, OneIsRefusedWhereThereAreSeveral) {
  const Integrand two(2, [](const SparsePoint&, std::span<double> y) { y[0] = y[1] = 0.0; });
  EXPECT_THROW(integrate(Features::uniform(3, 0.5), two, {}), std::invalid_argument);
  Known known;
  known.bound_outside = [](CountRange) { return 1.0; };
  EXPECT_THROW(integrate_all(Features::uniform(3, 0.5), two, {}, known), std::invalid_argument);
}

// One point in a thousand is a thousand times as large: few of them are seen.
TEST(Outputs, HeavyTailsAreToldAndLightOnesAreNot) {
  const Features features = Features::uniform(3, 0.5);
  const auto heavy = [](const SparsePoint& point) {
    return !point.value.empty() && point.value[0] < 1e-3 ? 1000.0 : sum(point);
  };
  for (const Method method : {Method::plain, Method::stratified}) {
    Options options;
    options.method = method;
    options.samples = 5000;
    EXPECT_TRUE(integrate(features, heavy, options).heavy_tailed());
    EXPECT_FALSE(integrate(features, sum, options).heavy_tailed());
    // With enough of them the mean is as good as normal.
    options.samples = 5'000'000;
    EXPECT_FALSE(integrate(features, heavy, options).heavy_tailed());
  }
}

// The skewness of a mean of n values is that of one value over √n: an exponential law has 2 and an
// excess kurtosis of 6, within 10 % at a million points (their standard errors are about 1 and 4
// %).
TEST(Outputs, SkewnessAndKurtosisAreThoseOfTheMean) {
  const Features features = Features::uniform(1, 1.0);
  const auto exponential = [](const SparsePoint& point) { return -std::log(point.value[0]); };
  Options options;
  options.samples = 1'000'000;
  const IntegralBySkeleton result = integrate(features, exponential, options);
  EXPECT_NEAR(result.skewness, 2e-3, 2e-4);
  EXPECT_NEAR(result.kurtosis, 6e-6, 0.9e-6);
}

TEST(Outputs, TheLimitOnTimeStopsBetweenRounds) {
  const Features features = Features::uniform(6, 0.3);
  Options options;
  options.relative_tolerance = 1e-9;
  options.max_seconds = 0.2;
  const IntegralBySkeleton result = integrate(features, sum, options);
  EXPECT_EQ(result.stop_reason, StopReason::max_seconds);
  EXPECT_GT(result.samples, 0u);
  EXPECT_NEAR(result.value, 0.9, 6 * result.standard_error);
  options.relative_tolerance = 1e-2;  // met long before
  options.max_seconds = 1000.0;
  EXPECT_EQ(integrate(features, sum, options).stop_reason, StopReason::precision);
}

TEST(Outputs, AutoSaysWhatEachMethodWouldTake) {
  const Features features = Features::uniform(6, 0.3);
  Options options;
  options.method = Method::automatic;
  options.relative_tolerance = 1e-2;
  EXPECT_EQ(integrate_all(features, sum, options).foreseen.size(), 3u);  // quasi is not worth it
  options.relative_tolerance = 2e-4;
  const SampledIntegrals result = integrate_all(features, sum, options);
  ASSERT_EQ(result.foreseen.size(), 4u);
  EXPECT_EQ(result.foreseen.front().method, result.method);
  for (std::size_t k = 1; k < 4; ++k) {
    EXPECT_LE(result.foreseen[k - 1].seconds, result.foreseen[k].seconds);
  }
  // What it foresees of a method is about what that method then draws.
  for (const Foreseen& foreseen : result.foreseen) {
    options.method = foreseen.method;
    const auto samples = static_cast<double>(integrate(features, sum, options).samples);
    EXPECT_GT(samples, 0.3 * foreseen.points) << to_string(foreseen.method);
    EXPECT_LT(samples, 4.0 * foreseen.points) << to_string(foreseen.method);
  }
  EXPECT_NEAR(result.outputs.front().value, 0.9, 6 * result.outputs.front().standard_error);
}

// Skeletons of many active features are neither listed nor ranked.
TEST(Outputs, QuasiTakesDenseFeaturesToo) {
  Options options;
  options.method = Method::quasi;
  const IntegralBySkeleton result = integrate(Features::uniform(80, 0.3), sum, options);
  EXPECT_NEAR(result.value, 12.0, 6 * result.standard_error);
  EXPECT_EQ(result.stop_reason, StopReason::precision);
}

// With a limit on time a run goes on where doubling leaves no room, and does not spin.
TEST(Outputs, QuasiGoesOnAfterALimitOnTime) {
  Options options;
  options.method = Method::quasi;
  options.relative_tolerance = 1e-12;
  options.max_seconds = 0.1;
  const Features features = Features::uniform(6, 0.3);
  const auto square = [](const SparsePoint& point) { return std::pow(sum(point), 2.5); };
  std::uint64_t before = 0;
  for (int run = 0; run < 3; ++run) {
    const SampledIntegrals result = integrate_all(features, Integrand(square), options);
    EXPECT_EQ(result.outputs.front().stop_reason, StopReason::max_seconds);
    EXPECT_GT(result.outputs.front().samples, before);
    before = result.outputs.front().samples;
    options.resume = result.state;
  }
}

}  // namespace
}  // namespace skeleta::estimate
