#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <optional>

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

// A clock by which every point takes a microsecond, whatever the machine does.
struct PointClock {
  explicit PointClock(Options& options) {
    options.progress = [this](const Progress& progress) {
      if (progress.planned == 0) {  // the pilot
        first_.reset();
      } else {
        if (!first_) first_ = progress.done;
        seconds_ = 1e-6 * static_cast<double>(progress.done - *first_);
      }
      return true;
    };
    options.clock = [this] { return first_ ? seconds_ : 0.0; };
  }

 private:
  std::optional<std::uint64_t> first_;
  double seconds_ = 0.0;
};

TEST(Outputs, TheLimitOnTimeStopsBetweenRounds) {
  const Features features = Features::uniform(6, 0.3);
  Options options;
  const PointClock clock(options);
  options.relative_tolerance = 1e-9;
  options.max_seconds = 0.5;
  const IntegralBySkeleton result = integrate(features, sum, options);
  EXPECT_EQ(result.stop_reason, StopReason::max_seconds);
  // 65536 points tell how long a point takes; then rounds fit into what is left.
  EXPECT_GT(result.samples, 400'000u);
  EXPECT_LT(result.samples, 600'000u);
  EXPECT_NEAR(result.value, 0.9, 6 * result.standard_error);
  options.relative_tolerance = 1e-2;  // met long before
  EXPECT_EQ(integrate(features, sum, options).stop_reason, StopReason::precision);
}

// A clock that stands still, and one that runs away, are clocks too.
TEST(Outputs, NoClockHangsTheLimitOnTime) {
  const Features features = Features::uniform(6, 0.3);
  Options options;
  options.max_seconds = 1.0;
  options.relative_tolerance = 1e-3;
  options.clock = [] { return 0.0; };
  EXPECT_EQ(integrate(features, sum, options).stop_reason, StopReason::precision);
  options.relative_tolerance = 1e-9;
  options.clock = [now = 0.0]() mutable { return now += 1e3; };
  const IntegralBySkeleton result = integrate(features, sum, options);
  EXPECT_EQ(result.stop_reason, StopReason::max_seconds);
  EXPECT_GT(result.samples, 0u);
  options.clock = nullptr;
  EXPECT_THROW(integrate(features, sum, options), std::invalid_argument);
}

TEST(Outputs, AnnouncesWhatThePilotForesees) {
  const Features features = Features::uniform(6, 0.3);
  Options options;
  std::vector<Foreseen> told;
  options.announce = [&](const Foreseen& foreseen) { told.push_back(foreseen); };
  options.relative_tolerance = 1e-3;
  const auto samples = static_cast<double>(integrate(features, sum, options).samples);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_GT(told[0].points, 0.3 * samples);
  EXPECT_LT(told[0].points, 4.0 * samples);
  EXPECT_GT(told[0].seconds, 0.0);
  EXPECT_EQ(told[0].wanted, told[0].points);
  // What the precision needs is told whatever the limit is; a square beyond double is infinite.
  options.max_samples = 10'000;
  for (const auto& [method, tolerance, least] :
       {std::tuple{Method::stratified, 1e-6, 1e11},
        std::tuple{Method::stratified, 1e-200, double{INFINITY}},
        std::tuple{Method::quasi, 1e-200, double{INFINITY}}}) {
    options.method = method;
    options.relative_tolerance = tolerance;
    integrate(features, sum, options);
    EXPECT_LE(told.back().points, 10'000.0);
    EXPECT_GE(told.back().wanted, least);
  }
  // It may refuse.
  options.announce = [](const Foreseen&) { throw std::runtime_error("too long"); };
  EXPECT_THROW(integrate(features, sum, options), std::runtime_error);
}

TEST(Outputs, CheckpointsComeByTheClock) {
  const Features features = Features::uniform(6, 0.3);
  Options options;
  const PointClock clock(options);
  options.samples = 1'000'000;
  options.checkpoint_seconds = 0.1;
  int checkpoints = 0;
  options.checkpoint = [&](const SampledIntegrals&) { ++checkpoints; };
  integrate(features, sum, options);
  EXPECT_GE(checkpoints, 7);  // every tenth of a second, or a chunk later
  EXPECT_LE(checkpoints, 10);
}

// Work that is called off between two chunks ends with what was merged.
TEST(Outputs, CalledOffTheyEndWithWhatThereIs) {
  const Features features = Features::uniform(6, 0.3);
  Options options;
  options.samples = 10'000'000;
  for (const int threads : {1, 2}) {
    options.threads = threads;
    std::atomic<int> polls = 0;
    const CancelScope scope([&] { return ++polls > 100; });
    const IntegralBySkeleton result = integrate(features, sum, options);
    EXPECT_EQ(result.stop_reason, StopReason::interrupted);
    EXPECT_LT(result.samples, options.samples / 2);
    EXPECT_NEAR(result.value, 0.9, 6 * result.standard_error);
  }
  const CancelScope at_once([] { return true; });
  EXPECT_THROW(integrate(features, sum, options), Interrupted);
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

// What is foreseen is what is sampled: asking again, and sampling, evaluate no pilot anew.
TEST(Outputs, APlanRunsThePilotOfAMethodOnce) {
  const Features features = Features::uniform(6, 0.3);
  std::atomic<std::uint64_t> calls = 0;
  const auto counted = [&](const SparsePoint& point) {
    ++calls;
    return sum(point);
  };
  Options options;
  options.samples = 50'000;
  Plan plan(features, counted, options);
  plan.foresee(Method::stratified);
  const std::uint64_t pilot = calls;
  EXPECT_GT(pilot, 1000u);
  plan.foresee(Method::stratified);
  EXPECT_EQ(calls, pilot);
  const SampledIntegrals sampled = plan.sample();
  EXPECT_LE(calls - pilot, options.samples);
  EXPECT_EQ(sampled.outputs.front().value, integrate(features, sum, options).value);
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
  const PointClock clock(options);
  options.method = Method::quasi;
  options.relative_tolerance = 1e-12;
  options.max_seconds = 2.0;  // of whole chunks; what is incomplete is drawn anew
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

// A limit on time that is over before the first chunk is complete: what is incomplete is drawn
// anew, and more, so that run after run gets further.
TEST(Outputs, EveryRunUnderALimitOnTimeGetsFurther) {
  const Features features = Features::uniform(6, 0.3);
  const auto square = [](const SparsePoint& point) { return std::pow(sum(point), 2.5); };
  for (const MethodInfo& info : methods()) {
    Options options;
    options.method = info.method;
    options.relative_tolerance = 1e-12;
    options.max_seconds = 1e-3;
    options.clock = [now = 0.0]() mutable { return now += 1.0; };
    std::uint64_t before = 0;
    for (int run = 0; run < 6; ++run) {
      const SampledIntegrals result = integrate_all(features, Integrand(square), options);
      EXPECT_EQ(result.outputs.front().stop_reason, StopReason::max_seconds) << info.name;
      EXPECT_GT(result.outputs.front().samples, before) << info.name << ", run " << run;
      before = result.outputs.front().samples;
      options.resume = result.state;
    }
  }
}

// A corner of probability 1e-9, which no sample meets: without any bound nothing is claimed.
TEST(Unresolved, SamplesThatAllAgreeClaimNothing) {
  const Features features = Features::uniform(3, 1.0);
  const auto corner = [](const SparsePoint& point) {
    return *std::min_element(point.value.begin(), point.value.end()) > 1.0 - 1e-3 ? 1e9 : 1.0;
  };
  for (const Method method :
       {Method::plain, Method::stratified, Method::quasi, Method::importance}) {
    Options options;
    options.method = method;
    options.relative_tolerance = 0.1;
    EXPECT_EQ(integrate(features, corner, options).stop_reason, StopReason::unresolved)
        << to_string(method);
    options.samples = 1000;
    EXPECT_EQ(integrate(features, corner, options).stop_reason, StopReason::unresolved)
        << to_string(method);
  }
}

// With |f| ≤ 5 declared and f = 2 at n samples, P(f ≠ 2) ≤ 1 − .025^{1/n} and the mean lies within
// 3 and 7 times that.
TEST(Unresolved, ADeclaredBoundLimitsWhatSamplesMissed) {
  Known known;
  known.largest = 5.0;
  const auto two = [](const SparsePoint&) { return 2.0; };
  for (const Method method : {Method::plain, Method::stratified}) {
    Options options;
    options.method = method;
    options.samples = 1000;
    const IntegralBySkeleton result = integrate(Features::uniform(3, 1.0), two, options, known);
    const double share = 1.0 - std::pow(0.025, 1e-3);
    EXPECT_NEAR(result.error_bound, 3.0 * share, 1e-12);
    EXPECT_NEAR(result.high, 2.0 + 3.0 * share, 1e-12);
    EXPECT_NEAR(result.low, 2.0 - 7.0 * share, 1e-12);
    EXPECT_EQ(result.stop_reason, StopReason::samples);
    options.samples = 0;  // a precision: as many points as make the bound small
    options.relative_tolerance = 0.1;
    const IntegralBySkeleton precise = integrate(Features::uniform(3, 1.0), two, options, known);
    EXPECT_EQ(precise.stop_reason, StopReason::precision);
    EXPECT_LE(precise.error_bound, 0.2);
  }
}

// What a warning says is the reason too.
TEST(Unreliable, HeavyTailsAreTheReasonToStop) {
  const Features features = Features::uniform(3, 0.5);
  const auto heavy = [](const SparsePoint& point) {
    return !point.value.empty() && point.value[0] < 1e-3 ? 1000.0 : sum(point);
  };
  Options options;
  options.samples = 5000;
  EXPECT_EQ(integrate(features, heavy, options).stop_reason, StopReason::unreliable);
  EXPECT_EQ(integrate(features, sum, options).stop_reason, StopReason::samples);
  // For a precision it goes on until the tail is seen: here at about 25 points in a thousandth.
  options.samples = 0;
  options.relative_tolerance = 0.5;
  const IntegralBySkeleton result = integrate(features, heavy, options);
  EXPECT_TRUE(result.stop_reason == StopReason::precision && !result.heavy_tailed());
}

}  // namespace
}  // namespace skeleta::estimate
