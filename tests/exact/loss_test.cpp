#include "skeleta/exact/loss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

#include "allocations.h"
#include "skeleta/exact/low_skeletons.h"

namespace skeleta::exact {
namespace {

Autoencoder random_model(Index count, Index hidden, std::uint64_t seed, double threshold) {
  std::mt19937_64 random(seed);
  std::normal_distribution<> normal;
  Autoencoder model{Matrix(hidden, count), Vector(count)};
  for (double& w : model.W.reshaped()) w = normal(random);
  model.W.colwise().normalize();
  for (double& b : model.b) b = threshold * normal(random);
  return model;
}

Features random_features(Index count, std::uint64_t seed, double density) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<> uniform(0.3, 1.7);
  Features features = Features::uniform(count, density);
  for (double& p : features.density) p = std::min(1.0, p * uniform(random));
  for (double& v : features.importance) v = uniform(random);
  return features;
}

Options options_for(ErrorControl control, double target, int threads = 1) {
  Options options;
  options.error_control = control;
  options.relative_target = target;
  options.threads = threads;
  return options;
}

constexpr auto rigorous = ErrorControl::rigorous;
constexpr auto estimated = ErrorControl::estimated;

TEST(Loss, TwoContoursAgreeAtAllSizesAndDensities) {
  struct Size {
    Index count, hidden;
    double density;
  };
  for (const Size size : {Size{20, 5, 0.05}, Size{20, 5, 1.0}, Size{60, 20, 1e-9},
                          Size{60, 20, 0.5}, Size{200, 30, 0.01}, Size{1000, 40, 0.003}}) {
    SCOPED_TRACE(testing::Message() << "D = " << size.count << ", p = " << size.density);
    const auto model = random_model(size.count, size.hidden, 1, 0.1);
    const auto features = random_features(size.count, 2, size.density);
    // Another target means another period, hence other nodes.
    const Loss coarse = loss(model, features, options_for(estimated, 1e-6));
    const Loss fine = loss(model, features, options_for(rigorous, 1e-8));
    EXPECT_TRUE(coarse.met_target() && fine.met_target());
    EXPECT_NE(coarse.value, fine.value);
    EXPECT_LE(std::abs(coarse.value - fine.value), coarse.error_bound + fine.error_bound);
  }
}

TEST(Loss, ManyActiveFeaturesAreGaussianLike) {
  // D·p = 1500: no exponential may overflow, nor Π(1 − p) = 2^-3000 vanish.
  const Index count = 3000;
  Autoencoder model{Matrix::Zero(2, count), Vector::Zero(count)};
  model.W(0, 0) = 1.0;
  for (Index j = 1; j < count; ++j) model.W(0, j) = j % 2 == 0 ? 0.05 : -0.05;
  Features features = Features::uniform(count, 0.5, 0.0);
  features.importance(0) = 1.0;
  const Loss result = loss(model, features, options_for(rigorous, 1e-9));
  // z = x_0 + y, y of variance 2999·0.05²·(1/6 − 1/16) ≈ 0.781, excess kurtosis O(1e-3), and nearly
  // Gaussian; mean −0.0125. E(x_0 − (x_0 + y)₊)² by quadrature of that Gaussian:
  const double mean = -0.0125, variance = 2999.0 * 0.0025 * (1.0 / 6.0 - 1.0 / 16.0);
  double expected = 0.0, weight = 0.0;
  for (int n = -800; n <= 800; ++n) {
    const double t = 0.01 * n, y = mean + std::sqrt(variance) * t, w = std::exp(-0.5 * t * t);
    double square = 0.5 * std::pow(std::max(y, 0.0), 2);
    for (int k = 0; k < 200; ++k) {
      const double x = (k + 0.5) / 200.0;
      square += 0.5 / 200.0 * std::pow(x - std::max(x + y, 0.0), 2);
    }
    expected += w * square;
    weight += w;
  }
  EXPECT_NEAR(result.value, expected / weight, 2e-3 * result.value);
  EXPECT_LE(result.error_bound, 1e-9 * result.value);
}

TEST(Loss, AgreesWithSampling) {
  const Index count = 30;
  const auto model = random_model(count, 8, 3, 0.1);
  const auto features = random_features(count, 4, 0.1);
  std::mt19937_64 random(5);
  std::uniform_real_distribution<> uniform;
  Vector x(count);
  double sum = 0.0, squares = 0.0;
  const int samples = 400000;
  for (int n = 0; n < samples; ++n) {
    for (Index j = 0; j < count; ++j) {
      x(j) = uniform(random) < features.density(j) ? uniform(random) : 0.0;
    }
    const double r = pointwise_loss(model, features.importance, x);
    sum += r;
    squares += r * r;
  }
  const double mean = sum / samples;
  const double error = std::sqrt((squares / samples - mean * mean) / samples);
  ASSERT_LT(error, 2e-3 * mean);  // small enough for the test to be able to fail
  EXPECT_LT(std::abs(loss(model, features).value - mean), 5.0 * error);
}

TEST(Loss, DoesNotDependOnThreadsOrderOrRotation) {
  const auto model = random_model(50, 10, 6, 0.1);
  const auto features = random_features(50, 7, 0.1);
  const Loss one = loss(model, features);
  EXPECT_EQ(one.value, loss(model, features, options_for(rigorous, 1e-8, 3)).value);
  Autoencoder reversed{model.W.rowwise().reverse(), model.b.reverse()};
  const Features backwards{features.density.reverse(), features.importance.reverse()};
  EXPECT_NEAR(one.value, loss(reversed, backwards).value, 1e-12 * one.value);
  reversed = model;
  reversed.W.row(0).swap(reversed.W.row(3));
  reversed.W.row(1) *= -1.0;
  EXPECT_NEAR(one.value, loss(reversed, features).value, 1e-12 * one.value);
}

TEST(Loss, ClosedCases) {
  // No active feature ever, W = 1 and b = 0, W = 0.
  const auto model = random_model(6, 3, 8, 0.3);
  const double quiet = (-model.b).cwiseMax(0.0).squaredNorm();
  EXPECT_NEAR(loss(model, Features::uniform(6, 0.0)).value, quiet, 1e-15);
  const Autoencoder identity{Matrix::Identity(4, 4), Vector::Zero(4)};
  const Loss perfect = loss(identity, Features::uniform(4, 0.7));
  EXPECT_EQ(perfect.value, 0.0);
  EXPECT_TRUE(perfect.met_target());
  const Autoencoder nothing{Matrix::Zero(2, 5), Vector::Zero(5)};
  EXPECT_NEAR(loss(nothing, Features::uniform(5, 0.2)).value, 1.0 / 3.0, 1e-15);
  const Autoencoder single{Matrix::Ones(1, 1), Vector::Constant(1, 0.5)};
  // t < ½: t²; above: ¼.
  EXPECT_NEAR(loss(single, Features::uniform(1, 1.0)).value, 1.0 / 24.0 + 0.125, 1e-15);
}

TEST(Loss, AFeatureThatIsNeverActiveStillHasAnOutput) {
  // Its own entry of G is by far the largest of its row, and does not matter.
  Autoencoder model{Matrix(2, 3), Vector(3)};
  model.W << 3.0, 0.02, 0.01, 0.0, 1.0, -1.0;
  model.b << -0.01, 0.1, 0.1;
  Features features = Features::uniform(3, 0.3);
  features.density(0) = 0.0;
  const auto parts = skeleton_loss(model, features);
  double sum = 0.0;
  for (Index l = 0; l <= 2; ++l) sum += skeleton_part(model, features, l).contribution;
  EXPECT_NEAR(parts.value, sum, 1e-8 * sum);
  EXPECT_NEAR(loss(model, features, options_for(estimated, 1e-8)).value, sum, 1e-8 * sum);
}

TEST(Loss, HugeAndTinyWeightsOverflowNothing) {
  const auto model = random_model(8, 3, 9, 0.3);
  const auto features = Features::uniform(8, 0.3);
  // Once G is large, x_i is negligible beside x̂_i, and the loss is homogeneous of degree 2 in G, b.
  const auto scaled = [&](double factor) {
    return loss({model.W * std::sqrt(factor), model.b * factor}, features).value / factor / factor;
  };
  const double large = scaled(1e12);
  EXPECT_NEAR(scaled(1e60), large, 1e-7 * large);
  EXPECT_NEAR(scaled(1e140), large, 1e-7 * large);
  EXPECT_NEAR(loss({model.W * 1e-150, Vector::Zero(8)}, features).value, 0.8, 1e-14);
  Autoencoder shifted = model;
  shifted.b(2) = 1e150;
  shifted.b(3) = -1e150;
  EXPECT_NEAR(loss(shifted, features).value / 1e300, 1.0, 1e-8);
  EXPECT_THROW(loss({model.W * 1e170, model.b}, features), std::invalid_argument);
}

TEST(Loss, TargetsBeyondReachAreRefusedOrReported) {
  const auto model = random_model(20, 5, 10, 0.1);
  const auto features = Features::uniform(20, 0.05);
  Options options = options_for(rigorous, 1e-11);
  options.maximum_nodes = 64;
  const Loss few = loss(model, features, options);
  EXPECT_EQ(few.stop_reason, StopReason::nodes);
  EXPECT_FALSE(few.met_target());
  EXPECT_LE(std::abs(few.value - loss(model, features).value), few.error_bound);
  EXPECT_THROW(loss(model, features, options_for(rigorous, 1e-13)), std::invalid_argument);
  EXPECT_THROW(loss(model, features, options_for(rigorous, 1e-17)), std::invalid_argument);
  EXPECT_THROW(loss(model, features, options_for(rigorous, -1.0)), std::invalid_argument);
  EXPECT_THROW(loss(model, features, options_for(rigorous, NAN)), std::invalid_argument);
  EXPECT_THROW(loss(model, Features::uniform(19, 0.05)), std::invalid_argument);
  options.absolute_target = 1e-3;
  EXPECT_TRUE(loss(model, features, options).met_target());
}

TEST(SkeletonLoss, LowSkeletonsEqualTheirClosedForms) {
  auto model = random_model(40, 8, 11, 0.1);
  model.W.col(3).setZero();  // left out of every z but its own
  const auto features = random_features(40, 12, 0.05);
  const IntegralBySkeleton result = skeleton_loss(model, features);
  ASSERT_GT(result.skeletons.size(), 3u);
  EXPECT_EQ(result.stop_reason, StopReason::exact);
  for (Index l = 0; l <= 2; ++l) {
    const SkeletonPart closed = skeleton_part(model, features, l);
    const SkeletonPart& part = result.skeletons[static_cast<std::size_t>(l)];
    EXPECT_EQ(part.l, l);
    EXPECT_NEAR(part.probability, closed.probability, 1e-13 * closed.probability);
    EXPECT_NEAR(part.contribution, closed.contribution,
                l < 2 ? 1e-13 * closed.contribution : result.error_bound);
  }
}

TEST(SkeletonLoss, ListsWhatIsAskedForAndCountsTheRest) {
  const auto model = random_model(12, 4, 13, 0.1);
  const auto features = random_features(12, 14, 0.2);
  Options options;
  options.probability_floor = 0.0;
  const IntegralBySkeleton all = skeleton_loss(model, features, options);
  ASSERT_EQ(all.skeletons.size(), 13u);
  double sum = 0.0;
  for (const SkeletonPart& part : all.skeletons) sum += part.contribution;
  EXPECT_NEAR(sum, all.value, 1e-12 * all.value);
  options.skeletons = 3;
  const IntegralBySkeleton few = skeleton_loss(model, features, options);
  ASSERT_EQ(few.skeletons.size(), 4u);
  EXPECT_EQ(few.value, all.value);
  for (std::size_t l = 0; l < 4; ++l) {
    EXPECT_NEAR(few.skeletons[l].contribution, all.skeletons[l].contribution, 1e-14 * all.value);
  }
  options.skeletons.reset();
  options.probability_floor = 0.1;
  for (const SkeletonPart& part : skeleton_loss(model, features, options).skeletons) {
    EXPECT_GE(part.probability, 0.1);
  }
}

TEST(Gradient, MatchesDifferencesOfTheLoss) {
  for (const Index count : {5, 20, 60}) {
    for (const double density : {1e-4, 0.1, 1.0}) {
      SCOPED_TRACE(testing::Message() << "D = " << count << ", p = " << density);
      const auto model = random_model(count, count / 3 + 1, 15, 0.2);
      const auto features = random_features(count, 16, density);
      Options options = options_for(estimated, 1e-11);
      options.gradient_target = 1e-8;
      const LossAndGradient result = loss_and_gradient(model, features, options);
      const auto step = random_model(count, count / 3 + 1, 17, 0.2);
      const double h = 1e-3;
      const auto at = [&](double t) {
        return loss({model.W + t * step.W, model.b + t * step.b}, features, options).value;
      };
      const double slope = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
      const double expected = result.dW.cwiseProduct(step.W).sum() + result.db.dot(step.b);
      const double size = std::sqrt(result.dW.squaredNorm() + result.db.squaredNorm());
      EXPECT_NEAR(slope, expected, 1e-6 * size);
      EXPECT_NEAR(result.loss.value, at(0.0), 1e-10 * at(0.0));
    }
  }
}

// Two orthogonal pairs of opposite columns and a little noise, as training ends near such a
// solution: no power of ten may make the contour long, and values must not depend on how entries
// are treated.
TEST(Gradient, NearlyOrthogonalColumnsAreCheapAndExact) {
  for (const double noise : {1e-3, 1e-5, 1e-7, 1e-12}) {
    SCOPED_TRACE(noise);
    const auto step = random_model(6, 3, 21, 1.0);
    Autoencoder model{Matrix::Zero(3, 6), Vector::Constant(6, 0.02)};
    for (Index k = 0; k < 3; ++k) {
      model.W(k, 2 * k) = 1.0;
      model.W(k, 2 * k + 1) = -1.0;
    }
    model.W += noise * step.W;
    model.b += noise * step.b;
    const auto features = random_features(6, 22, 0.05);
    const auto result = loss_and_gradient(model, features, options_for(estimated, 1e-8));
    EXPECT_TRUE(result.loss.met_target());
    EXPECT_LE(result.loss.nodes, 1 << 14);
    Options fine = options_for(estimated, 1e-9);
    fine.gradient_target = 1e-12;  // no entry counts as small
    fine.maximum_nodes = 1 << 17;
    const auto slow = loss_and_gradient(model, features, fine);
    EXPECT_NEAR(result.loss.value, slow.loss.value, 1e-8 * slow.loss.value);
    const double size = (result.dW - slow.dW).norm() + (result.db - slow.db).norm();
    EXPECT_LE(size, 1e-5 * slow.loss.value);
  }
}

TEST(Gradient, HasTheSameBitsForAnyNumberOfThreads) {
  const auto model = random_model(70, 10, 18, 0.1);
  const auto features = random_features(70, 19, 0.05);
  const auto one = loss_and_gradient(model, features, options_for(estimated, 1e-8, 1));
  const auto four = loss_and_gradient(model, features, options_for(estimated, 1e-8, 4));
  EXPECT_EQ(one.loss.value, four.loss.value);
  EXPECT_EQ(one.dW, four.dW);
  EXPECT_EQ(one.db, four.db);
}

TEST(Evaluator, AllocatesNothingAfterTheFirstCall) {
  for (const Index count : {5, 40}) {
    Evaluator evaluator(Features::uniform(count, 0.05), options_for(estimated, 1e-8));
    const auto model = random_model(count, count / 4 + 1, 20, 0.1);
    Gradient gradient;
    const Loss first = evaluator.loss_and_gradient(model, gradient);
    evaluator.loss(model);
    const long before = allocations;
    EXPECT_GT(before, 0);  // they are counted
    const Loss again = evaluator.loss_and_gradient(model, gradient);
    evaluator.loss(model);
    EXPECT_EQ(allocations - before, 0);
    EXPECT_EQ(first.value, again.value);
  }
}

// Few nodes gave a negative loss, of which rounding was −4e-4: no relative target can be asked for.
TEST(Loss, OfWhichNothingIsKnownIsRefusedByAnAbsoluteTarget) {
  Matrix W(3, 3);
  W << -0.9999999999970023, 3.011101909815595e-12, -1.3979951898385863e-11,  //
      -4.6409687704395585e-12, -1.0000000000013893, -5.2373256749563265e-11, -6.007993163108418e-11,
      -3.431182408057225e-11, 0.9000000000405646;
  Features features;
  features.density = Eigen::Vector3d(0.24304573538082783, 0.9999914136585684, 7.9e-137);
  features.importance = Eigen::Vector3d(1.68e-5, 3.41e-9, 26447921.98806036);
  Options options;
  options.maximum_nodes = 512;
  options.relative_target = 2.19e-9;
  try {
    loss({W, Eigen::Vector3d(0.0, 0.0, 0.8099992115555116)}, features, options);
    FAIL() << "it was not refused";
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(),
                ::testing::HasSubstr("of the loss it is only known that it is at most"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("ask for absolute_target "));
    EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr("relative_target")));
  }
}

}  // namespace
}  // namespace skeleta::exact
