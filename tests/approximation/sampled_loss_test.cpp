#include "skeleta/approximation/sampled_loss.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>

#include "oracle_table.h"
#include "support.h"

namespace skeleta::approximation {
namespace {

// Rule: |z| < 5 for each model of the oracle, where z counts what is beyond error_bound and 1e-12
// of the loss; the standard error is below the 1 % that was asked for.
TEST(SampledLoss, StratifiedAgreesWithEveryModelOfTheOracle) {
  int sampled = 0;
  for (const testing::OracleCase& c : testing::oracle_table()) {
    estimate::Options options;
    options.relative_tolerance = 0.01;
    options.max_samples = 2'000'000;
    options.threads = 1;
    const SampledLoss result = sampled_loss(c.model, c.features, options);
    const IntegralBySkeleton& loss = result.loss;
    if (loss.stop_reason != StopReason::precision && loss.stop_reason != StopReason::exact) {
      // Only where nothing is lost at all.
      EXPECT_LT(c.loss, 1e-20) << c.name;
      EXPECT_GT(loss.high, c.loss) << c.name;
      continue;
    }
    const double slack = 1e-12 * c.loss + loss.error_bound;
    EXPECT_NEAR(loss.value, c.loss, 5 * loss.standard_error + slack) << c.name;
    EXPECT_LE(loss.standard_error, 0.01 * loss.value) << c.name;
    // Rounding allows no more where nothing is lost.
    EXPECT_LE(loss.error_bound, 0.1 * 0.0101 * loss.value + 1e-28) << c.name;
    sampled += loss.samples > 0;

    const OneSparse& sparse = result.one_sparse;
    const double expected = c.contributions.head(2).sum();
    EXPECT_NEAR(sparse.contribution, expected, 1e-12 * (expected + 1e-3 * c.loss)) << c.name;
    const double rest = c.contributions.tail(std::max<Index>(c.features.size() - 1, 0)).sum();
    EXPECT_NEAR(sparse.rest, rest, 5 * sparse.rest_standard_error + slack) << c.name;
    EXPECT_GE(sparse.rest_bound, rest * (1 - 1e-12)) << c.name;
    EXPECT_GE(sparse.union_bound * (1 + 1e-12), sparse.probability_of_rest) << c.name;
    EXPECT_GE(sparse.chernoff_bound * (1 + 1e-12), sparse.probability_of_rest) << c.name;
  }
  EXPECT_GT(sampled, 50);
}

// Sampling must not be able to break the bounds on any random model, and the guard must notice if
// something does.
TEST(SampledLoss, NeverBreaksItsBounds) {
  std::mt19937_64 random(11);
  for (int k = 0; k < testing::scaled(60, 10); ++k) {
    const Index count = 3 + static_cast<Index>(random() % 60);
    const Autoencoder model = testing::random_model(count, 1 + count / 4, random);
    const double density = std::pow(10.0, -3.0 * std::uniform_real_distribution<>()(random));
    const Features features = testing::random_features(count, density, random);
    const bounds::LossTail tail(model, features);
    for (const auto method : {estimate::Method::plain, estimate::Method::stratified}) {
      estimate::Options options;
      options.method = method;
      options.samples = 20000;
      const IntegralBySkeleton loss = sampled_loss(model, features, options).loss;
      EXPECT_NO_THROW(check_against_bounds(loss, tail));
      EXPECT_LE(loss.rest - 6 * loss.rest_standard_error, tail.above(1));
    }
  }
}

TEST(SampledLoss, TheGuardNoticesABrokenBound) {
  std::mt19937_64 random(12);
  const Autoencoder model = testing::random_model(5, 2, random);
  const bounds::LossTail tail(model, Features::uniform(5, 0.05));
  IntegralBySkeleton loss;
  loss.skeletons.push_back({.l = 2, .contribution = 1.01 * tail.above(1)});
  EXPECT_THROW(check_against_bounds(loss, tail), std::logic_error);
}

// A feature that the model dropped, so rare that few samples see it, and so important that it makes
// three quarters of the loss. Alone it costs v p/3; the rest of the model is random.
TEST(SampledLoss, SeesARareAndImportantFeatureThatTheModelDropped) {
  std::mt19937_64 random(18);
  Autoencoder model = testing::random_model(40, 8, random);
  Features features = Features::uniform(40, 0.1);
  const double without = sampled_loss(model, features, {}).loss.value;
  model.W.col(7).setZero();
  model.b(7) = 0.0;
  features.importance(7) = 0.0;
  estimate::Options precise;
  precise.relative_tolerance = 3e-4;
  const double others = sampled_loss(model, features, precise).loss.value;
  features.density(7) = 1e-5;
  features.importance(7) = 3e6 * without;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    estimate::Options options;
    options.seed = seed;
    const IntegralBySkeleton loss = sampled_loss(model, features, options).loss;
    // Feature 7 is inactive now and no input of the others changes by more than its density.
    const double expected = others + features.importance(7) * 1e-5 / 3.0;
    EXPECT_NEAR(loss.value, expected, 5 * loss.standard_error + 1e-3 * expected) << seed;
    EXPECT_EQ(loss.stop_reason, StopReason::precision);
  }
}

// W = 0 loses everything, and every digit of it is known: Σ v p/3.
TEST(SampledLoss, AModelThatDropsEverythingIsExact) {
  const Autoencoder model{Matrix::Zero(2, 30), Vector::Zero(30)};
  const IntegralBySkeleton loss = sampled_loss(model, Features::uniform(30, 0.2), {}).loss;
  EXPECT_EQ(loss.stop_reason, StopReason::precision);
  EXPECT_NEAR(loss.value, 30 * 0.2 / 3, loss.error_bound + 1e-12);
}

// W = I loses nothing: samples cannot tell that from a loss they never hit, and the result says so.
TEST(SampledLoss, AModelThatLosesNothingIsUnresolved) {
  const Autoencoder model{Matrix::Identity(4, 4), Vector::Zero(4)};
  const IntegralBySkeleton loss = sampled_loss(model, Features::uniform(4, 0.2), {}).loss;
  EXPECT_EQ(loss.stop_reason, StopReason::unresolved);
  EXPECT_NEAR(loss.value, 0.0, 1e-15);
  EXPECT_GT(loss.error_bound, 0.0);
}

// The loss is positive where x1 + x2 + x3 > 2.95 only, and no sample sees it: L = p³ c⁵ 2/5!, c =
// 0.05. It is computed apart, to what rounding allows; plain samples, beside which nothing is
// computed, are called precise by nobody.
TEST(SampledLoss, ALossThatSamplesMissIsComputedOrNotCalledPrecise) {
  Autoencoder model{Matrix::Zero(2, 4), Vector::Zero(4)};
  model.W.row(0).setOnes();
  model.b(3) = 2.95;
  Features features = Features::uniform(4, 0.1);
  features.density(3) = 0.0;
  features.importance << 0.0, 0.0, 0.0, 1.0;
  estimate::Options options;
  options.max_samples = 20'000'000;
  const IntegralBySkeleton loss = sampled_loss(model, features, options).loss;
  const double right = 1e-3 * std::pow(3.0 - 2.95, 5) / 60.0;
  EXPECT_NEAR(loss.value, right, loss.error_bound + 1e-12 * right);
  EXPECT_LE(loss.error_bound, 1e-3 * right);
  options.method = estimate::Method::plain;
  options.max_samples = 100'000;
  const IntegralBySkeleton plain = sampled_loss(model, features, options).loss;
  EXPECT_NE(plain.stop_reason, StopReason::precision);
  EXPECT_GT(plain.high, right);
}

TEST(SampledLoss, RefusesModelsWhoseLossOverflows) {
  std::mt19937_64 random(19);
  Autoencoder model = testing::random_model(5, 2, random);
  for (const double scale : {1e39, 1e60, 1e100, 1e150}) {
    Autoencoder large = model;
    large.W *= scale;
    EXPECT_THROW(sampled_loss(large, Features::uniform(5, 0.5), {}), std::invalid_argument);
  }
}

// As p → 0 the loss per active feature tends to Q1's, and with b ≥ 0 nothing else is left:
// L/(Dp) → L_1. At p = 1e-9 the relative difference is below D p.
TEST(SampledLoss, TendsToTheOneSparseLossForSmallDensity) {
  std::mt19937_64 random(13);
  Autoencoder model = testing::random_model(12, 3, random);
  model.b = model.b.cwiseAbs();
  const Features features = Features::uniform(12, 1e-9);
  const SampledLoss result = sampled_loss(model, features, {});
  EXPECT_NEAR(result.one_sparse.share, 1.0, 12e-9 * 20);
  const double mean = result.loss.skeletons.at(1).mean;
  EXPECT_NEAR(result.loss.value / (12 * 1e-9), mean, 1e-6 * mean);
}

// As p → 1 the loss tends to that on Q_D, with a relative difference of about D(1 − p).
TEST(SampledLoss, TendsToTheDenseLossForDensityNearOne) {
  std::mt19937_64 random(20);
  const Autoencoder model = testing::random_model(12, 3, random);
  const IntegralBySkeleton near = sampled_loss(model, Features::uniform(12, 1 - 1e-9), {}).loss;
  const IntegralBySkeleton dense = sampled_loss(model, Features::uniform(12, 1.0), {}).loss;
  EXPECT_NEAR(near.value, dense.value,
              5 * std::hypot(near.standard_error, dense.standard_error) + 1e-7 * dense.value);
}

// At p = 1 only Q_D is left; at p = 0 only Q_0: Σ v ((−b)₊)².
TEST(SampledLoss, HasTheRightLimitsForDensitiesZeroAndOne) {
  std::mt19937_64 random(14);
  const Autoencoder model = testing::random_model(12, 3, random);
  const SampledLoss dense = sampled_loss(model, Features::uniform(12, 1.0), {});
  ASSERT_EQ(dense.loss.skeletons.back().l, 12);
  EXPECT_NEAR(dense.loss.skeletons.back().contribution, dense.loss.value, 1e-12);
  EXPECT_EQ(dense.one_sparse.probability_of_rest, 1.0);
  const SampledLoss empty = sampled_loss(model, Features::uniform(12, 0.0), {});
  EXPECT_EQ(empty.loss.standard_error, 0.0);
  EXPECT_EQ(empty.loss.stop_reason, StopReason::exact);
  EXPECT_NEAR(empty.loss.value, model.b.cwiseMin(0.0).squaredNorm(), 1e-14);
}

TEST(SampledLoss, TakesQ2FromTheClosedFormWhereThatIsCheaper) {
  std::mt19937_64 random(15);
  const auto samples_on_q2 = [&](Index count, double tolerance) {
    const Autoencoder model = testing::random_model(count, 5, random);
    estimate::Options options;
    options.relative_tolerance = tolerance;
    const SampledLoss result =
        sampled_loss(model, Features::uniform(count, 1.0 / static_cast<double>(count)), options);
    return result.loss.skeletons.at(2).samples;
  };
  EXPECT_EQ(samples_on_q2(8, 1e-3), 0u);
  EXPECT_GT(samples_on_q2(300, 0.05), 0u);
}

// The estimate and two ways through the model agree at a size where nothing is enumerable.
TEST(SampledLoss, PlainAndStratifiedAgreeAtLargeDensityTimesD) {
  std::mt19937_64 random(16);
  const Autoencoder model = testing::random_model(600, 20, random);
  Features features = testing::random_features(600, 0.6, random);  // N = 180 ± 11
  features.density(0) = 1.0;
  features.density(1) = 0.0;
  estimate::Options options;
  options.relative_tolerance = 3e-3;
  const SampledLoss stratified = sampled_loss(model, features, options);
  options.method = estimate::Method::plain;
  options.seed = 2;
  const SampledLoss plain = sampled_loss(model, features, options);
  EXPECT_NEAR(stratified.loss.value, plain.loss.value,
              5 * std::hypot(stratified.loss.standard_error, plain.loss.standard_error) +
                  stratified.loss.error_bound);
  EXPECT_LE(stratified.loss.error_bound, 1.01e-1 * 3e-3 * stratified.loss.value);
}

// D = 20 000, d = 50 in under 1 GiB: measured in a child, whose peak is its own.
TEST(SampledLoss, TwentyThousandFeaturesFitInOneGibibyte) {
  const pid_t child = fork();
  if (child == 0) {
    std::mt19937_64 random(17);
    const Autoencoder model = testing::random_model(20000, 50, random);
    estimate::Options options;
    options.relative_tolerance = 0.02;
    const SampledLoss result = sampled_loss(model, Features::uniform(20000, 1e-4), options);
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    const bool small = use.ru_maxrss < 1024 * 1024;  // KiB
    const bool good = result.path == estimate::KernelPath::hidden &&
                      result.loss.stop_reason == StopReason::precision && result.loss.usable() &&
                      result.loss.standard_error > 0.0;
    _exit(good && small ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace skeleta::approximation
