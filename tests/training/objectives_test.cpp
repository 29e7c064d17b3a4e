#include "skeleta/training/objectives.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "bounds/truncated_loss.h"
#include "skeleta/exact/loss.h"
#include "skeleta/exact/low_skeletons.h"
#include "skeleta/optimize/lbfgs.h"
#include "skeleta/training/parameters.h"
#include "skeleta/training/sampled_objective.h"
#include "support.h"

namespace skeleta::training {
namespace {

Autoencoder generic_model(Index features, Index hidden, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<> normal;
  Autoencoder model{Matrix(hidden, features), Vector(features)};
  for (double& w : model.W.reshaped()) w = 0.7 * normal(random);
  for (double& b : model.b) b = 0.2 * normal(random);
  return model;
}

Autoencoder untied_model(Index features, Index hidden, std::uint64_t seed) {
  Autoencoder model = generic_model(features, hidden, seed);
  model.W_out = generic_model(features, hidden, seed + 1).W.transpose();
  return model;
}

exact::Options fine_options() {
  exact::Options options;
  options.error_control = exact::ErrorControl::estimated;
  options.relative_target = 1e-11;
  options.gradient_target = 1e-9;
  return options;
}

// Rule: each entry of the gradient is the slope of the value to 1e-6 of the gradient's norm.
template <class F>
void expect_slope(F&& f, Vector x, const char* name, double step = 1e-5) {
  Vector gradient(x.size()), unused(x.size());
  f(x, gradient);
  for (Index k = 0; k < x.size(); ++k) {
    const double kept = x(k);
    x(k) = kept + step;
    const double right = f(x, unused);
    x(k) = kept - step;
    const double left = f(x, unused);
    x(k) = kept;
    EXPECT_NEAR((right - left) / (2.0 * step), gradient(k), 1e-6 * gradient.norm())
        << name << " " << k;
  }
}

TEST(Parameters, AreTheColumnsOfWAndThenB) {
  const auto model = generic_model(4, 3, 1);
  const Vector x = to_parameters(model);
  ASSERT_EQ(x.size(), parameter_count(4, 3));
  EXPECT_EQ(x(3 * 2 + 1), model.W(1, 2));
  EXPECT_EQ(x(12 + 3), model.b(3));
  Autoencoder back{Matrix(3, 4), Vector(4)};
  from_parameters(x, back);
  EXPECT_EQ(back.W, model.W);
  EXPECT_EQ(back.b, model.b);
}

TEST(Objectives, GradientsAreSlopesOfValues) {
  std::mt19937_64 random(2);
  const Index count = 6, hidden = 2;
  const auto features = testing::random_features(count, 0.6, random);
  const Vector x = to_parameters(generic_model(count, hidden, 3));
  expect_slope(ExactObjective(features, hidden, fine_options()), x, "exact");
  expect_slope(SparseObjective::one_sparse(features, hidden), x, "one-sparse");
  for (const Index k : {0, 1, 2, 3, 6}) {
    expect_slope(SparseObjective::k_sparse(features, hidden, k), x, "k-sparse");
  }
  expect_slope(LinearObjective(features, hidden), x.head(count * hidden), "linear");
  SampledObjective sampled(features, hidden, {.batch = 500, .seed = 7});
  // Points whose z crosses b within the step spoil the difference: a shorter one.
  expect_slope([&](const Vector& at, Vector& g) { return sampled(0, at, g); }, x, "sampled", 1e-7);
  const Autoencoder untied = untied_model(count, hidden, 3);
  SampledObjective other(features, untied, {.batch = 500, .seed = 7});
  expect_slope([&](const Vector& at, Vector& g) { return other(0, at, g); }, to_parameters(untied),
               "sampled untied", 1e-7);
}

// What is a mean on Q_1, and what a sum over skeletons; and Σ_{l≤k} C_l ≤ L.
TEST(Objectives, SparseOnesAreTheirSkeletons) {
  std::mt19937_64 random(3);
  const auto features = testing::random_features(6, 0.3, random);
  const auto model = generic_model(6, 2, 4);
  const Vector x = to_parameters(model);
  Vector gradient(x.size());
  const double mean = exact::skeleton_part(model, features, 1).mean;
  EXPECT_NEAR(SparseObjective::one_sparse(features, 2)(x, gradient), mean, 1e-13 * mean);
  double sum = 0.0;
  for (Index k = 0; k <= 2; ++k) {
    sum += exact::skeleton_part(model, features, k).contribution;
    EXPECT_NEAR(SparseObjective::k_sparse(features, 2, k)(x, gradient), sum, 1e-13 * sum);
  }
  EXPECT_LT(sum, exact::loss(model, features).value);
  // Beyond, against the moments that the certificate's bounds are made of.
  for (const Index k : {3, 4, 5}) {
    const double expected = bounds::TruncatedLoss(features, k).value(model);
    EXPECT_NEAR(SparseObjective::k_sparse(features, 2, k)(x, gradient), expected, 1e-9 * expected);
  }
  const double all = exact::loss(model, features).value;
  EXPECT_NEAR(SparseObjective::k_sparse(features, 2, 6)(x, gradient), all, 1e-8 * all);
}

// B batches; their mean against the gradient and the loss in `expected`, with the standard error of
// the mean that they show. Rule: |z| < 5 for each of the n entries, Σ z² < n + 5 √(2n) with B so
// large that z is nearly normal, and errors so small that half the value of a term would be seen.
// Entries are correlated, so this is generous for Σ z²; the seed is fixed.
void expect_mean(const Features& features, const Autoencoder& model, const Vector& expected,
                 const char* name) {
  const int batches = testing::scaled(4000, 1000);
  const Vector x = to_parameters(model);
  SampledObjective sampled(features, model, {.batch = 256, .seed = 11});
  Vector sum = Vector::Zero(expected.size()), squares = sum, entry(expected.size());
  Vector gradient(x.size());
  for (int k = 0; k < batches; ++k) {
    entry(x.size()) = sampled(static_cast<std::uint64_t>(k), x, gradient);
    entry.head(x.size()) = gradient;
    entry -= expected;
    sum += entry;
    squares += entry.cwiseAbs2();
  }
  const Vector mean = sum / batches;
  const Vector error = ((squares / batches - mean.cwiseAbs2()) / batches).cwiseSqrt();
  EXPECT_LE(error.maxCoeff(), 0.02 * expected.cwiseAbs().maxCoeff()) << name;
  const Vector z = mean.cwiseQuotient(error);
  const auto n = static_cast<double>(z.size());
  EXPECT_LE(z.cwiseAbs().maxCoeff(), 5.0) << name;
  EXPECT_LE(z.squaredNorm(), n + 5.0 * std::sqrt(2.0 * n)) << name;
}

TEST(Sampled, MeanIsTheExactLossAndGradient) {
  std::mt19937_64 random(5);
  for (const double most : {0.1, 0.5, 0.95}) {
    const Index count = 7, hidden = 3;
    const auto features = testing::random_features(count, most, random);
    auto model = generic_model(count, hidden, 6);
    if (most == 0.5) {  // most of the loss is that of silent outputs
      model.W *= 0.6;
      model.b.array() += 0.3;
    }
    const Vector x = to_parameters(model);
    Vector gradient(x.size()), expected(x.size() + 1);
    expected(x.size()) = ExactObjective(features, hidden, fine_options())(x, gradient);
    expected.head(x.size()) = gradient;
    expect_mean(features, model, expected, "plain");
  }
}

// Groups and values of both signs; the slopes of the exact loss.
TEST(Sampled, MeanIsTheExactLossAndGradientOfAnyLaw) {
  const Index pair[] = {0, 1};
  const DataLaw law{
      ActivityTree(activity::join(
          {activity::together(pair, 0.3),
           activity::exclusive({activity::feature(2, 0.3), activity::feature(3, 0.4)}),
           activity::parent(4, 0.5, {activity::feature(5, 0.6)})})),
      {ValueLaw(), ValueLaw::uniform(-1, 1), ValueLaw::half_normal(0.6), ValueLaw(),
       ValueLaw::normal(0.2, 0.5), ValueLaw::uniform(0.5, 1)}};
  const Features features = Features::of(law, Vector::LinSpaced(6, 0.5, 1.5));
  exact::Options precise;
  precise.relative_target = 1e-9;
  for (const Autoencoder& model : {generic_model(6, 3, 6), untied_model(6, 3, 6)}) {
    const auto loss = [&](const Vector& at) {
      Autoencoder there = model;
      from_parameters(at, there);
      return exact::loss(there, features, precise).value;
    };
    const Vector x = to_parameters(model);
    Vector expected(x.size() + 1), at = x;
    expected(x.size()) = loss(x);
    for (Index k = 0; k < x.size(); ++k) {
      constexpr double step = 1e-4;
      at(k) = x(k) + step;
      expected(k) = loss(at);
      at(k) = x(k) - step;
      expected(k) = (expected(k) - loss(at)) / (2.0 * step);
      at(k) = x(k);
    }
    expect_mean(features, model, expected, model.tied() ? "groups" : "groups, untied");
  }
}

// A decoder that is the encoder's transpose: the tied value, to the bit, and its slopes in two
// parts.
TEST(Sampled, TiedIsACaseOfUntied) {
  const auto features = Features::uniform(20, 0.2);
  const Autoencoder tied = generic_model(20, 6, 8);
  Autoencoder untied = tied;
  untied.W_out = tied.W.transpose();
  for (const auto precision : {estimate::Precision::float32, estimate::Precision::float64}) {
    const SampleOptions options{.batch = 3000, .precision = precision};
    Vector whole(parameter_count(tied)), parts(parameter_count(untied));
    const double value = SampledObjective(features, tied, options)(2, to_parameters(tied), whole);
    EXPECT_EQ(value, SampledObjective(features, untied, options)(2, to_parameters(untied), parts));
    EXPECT_EQ(whole.tail(20), parts.tail(20));
    const Matrix sum =
        parts.head(120).reshaped(6, 20) + parts.segment(120, 120).reshaped(20, 6).transpose();
    const double rounding = precision == estimate::Precision::float32 ? 1e-6 : 1e-14;
    EXPECT_LE((sum.reshaped() - whole.head(120)).norm(), rounding * whole.norm());
    EXPECT_GT(parts.segment(120, 120).norm(), 0.1 * whole.norm());
  }
}

TEST(Sampled, PrecisionsAgreeAndThreadsChangeNothing) {
  const auto features = Features::uniform(40, 0.05);
  const Vector x = to_parameters(generic_model(40, 9, 8));
  Vector full(x.size()), single(x.size()), threads(x.size()), later(x.size());
  const auto value = [&](SampleOptions options, std::uint64_t step, Vector& gradient) {
    return SampledObjective(features, 9, options)(step, x, gradient);
  };
  const double a = value({.batch = 3000}, 5, full);
  const double b = value({.batch = 3000, .precision = estimate::Precision::float32}, 5, single);
  EXPECT_NEAR(a, b, 1e-5 * a);
  EXPECT_LE((full - single).norm(), 1e-5 * full.norm());
  EXPECT_GT((full - single).norm(), 0.0);
  EXPECT_EQ(a, value({.batch = 3000, .threads = 3}, 5, threads));
  EXPECT_TRUE((full.array() == threads.array()).all());
  EXPECT_NE(a, value({.batch = 3000}, 6, later));
  EXPECT_NE(a, value({.batch = 3000, .seed = 2}, 5, later));
  EXPECT_NE(a, value({.batch = 3000, .series = 1}, 5, later));
}

// Without active features only Q_0 is left: Σ v ((−b)₊)².
TEST(Sampled, NeedsNoPointsWhereNothingIsActive) {
  const auto features = Features::uniform(3, 0.0, 2.0);
  Vector x = Vector::Zero(9), gradient(9);
  x.tail(3) << -0.5, 0.25, -1.0;
  EXPECT_DOUBLE_EQ(SampledObjective(features, 2, {})(0, x, gradient), 2.0 * 1.25);
  EXPECT_DOUBLE_EQ(gradient(6), -2.0);
  EXPECT_DOUBLE_EQ(gradient(7), 0.0);
}

// E over the moments by definition, and the known minimum: the D − d smallest eigenvalues of the
// covariance, all p/3 − p²/4 for equal densities.
TEST(Linear, IsTheQuadraticFormOfTheMomentsAndHasItsMinimum) {
  std::mt19937_64 random(9);
  const auto uneven = testing::random_features(5, 0.9, random);
  const Matrix W = generic_model(5, 2, 10).W;
  const Matrix R = Matrix::Identity(5, 5) - W.transpose() * W;
  Matrix moments = 0.25 * uneven.density * uneven.density.transpose();
  moments.diagonal() = uneven.density / 3.0;
  const double expected = uneven.importance.dot((R * moments * R.transpose()).diagonal());
  Vector gradient(10);
  EXPECT_NEAR(LinearObjective(uneven, 2)(W.reshaped(), gradient), expected, 1e-14);

  const double p = 0.3;
  LinearObjective f(Features::uniform(6, p), 2);
  Vector x = generic_model(6, 2, 11).W.reshaped();
  const auto summary = optimize::Lbfgs({.gradient_tolerance = 1e-10}).minimize(f, x);
  EXPECT_EQ(summary.stop_reason, optimize::DescentStop::gradient);
  EXPECT_NEAR(summary.value, 4.0 * (p / 3.0 - p * p / 4.0), 1e-12);
}

TEST(Objectives, AreNaNWhereTheyCannotBeEvaluated) {
  const auto features = Features::uniform(4, 0.2);
  Vector x = Vector::Ones(12), gradient(12);
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 1e200}) {
    x(3) = bad;
    EXPECT_TRUE(std::isnan(ExactObjective(features, 2, {})(x, gradient))) << bad;
    EXPECT_TRUE(std::isnan(SparseObjective::one_sparse(features, 2)(x, gradient))) << bad;
  }
  EXPECT_TRUE(std::isnan(SampledObjective(features, 2, {})(
      0, Vector::Constant(12, std::numeric_limits<double>::infinity()), gradient)));
}

// A descent may pass where the loss is beyond the range of double, or cannot be told to the target:
// the engine says so in its result, and throws only if it is told to refuse.
TEST(Objectives, WhatDoublePrecisionCannotTellIsAResult) {
  const Features features = Features::uniform(5, 0.2);
  const Autoencoder model = generic_model(5, 2, 3);
  Autoencoder large = model;
  large.W *= 1e100;
  exact::Options report, refuse;
  report.refuse_unreachable = false;
  const exact::Loss beyond = exact::loss(large, features, report);
  EXPECT_TRUE(std::isnan(beyond.value));
  EXPECT_EQ(beyond.stop_reason, StopReason::non_finite);
  EXPECT_THROW(exact::loss(large, features, refuse), std::invalid_argument);

  report.relative_target = refuse.relative_target = 1e-14;
  const exact::Loss rounded = exact::loss(model, features, report);
  EXPECT_EQ(rounded.stop_reason, StopReason::nodes);
  EXPECT_NEAR(rounded.value, exact::loss(model, features).value, 1e-8 * rounded.value);
  EXPECT_THROW(exact::loss(model, features, refuse), std::invalid_argument);
}

TEST(Objectives, CountWhatMissedItsTarget) {
  auto options = fine_options();
  options.maximum_nodes = 64;
  ExactObjective f(Features::uniform(6, 0.3), 2, options);
  const Vector x = to_parameters(generic_model(6, 2, 12));
  Vector gradient(x.size());
  EXPECT_TRUE(std::isfinite(f(x, gradient)));
  EXPECT_EQ(f.unmet(), 1u);
  EXPECT_FALSE(f.last().met_target());
}

TEST(Objectives, RefuseBadArguments) {
  const auto features = Features::uniform(4, 0.2);
  EXPECT_THROW(ExactObjective(features, 0, {}), std::invalid_argument);
  EXPECT_THROW(SparseObjective::one_sparse(features, 0), std::invalid_argument);
  EXPECT_THROW(SparseObjective::one_sparse(Features::uniform(4, 1.0), 2), std::invalid_argument);
  EXPECT_THROW(SparseObjective::k_sparse(features, 2, 5), std::invalid_argument);
  EXPECT_THROW(LinearObjective(features, -1), std::invalid_argument);
  EXPECT_THROW(SampledObjective(features, 0, {}), std::invalid_argument);
  EXPECT_THROW(SampledObjective(features, 2, {.batch = 0}), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::training
