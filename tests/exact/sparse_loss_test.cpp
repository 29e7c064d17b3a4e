#include "skeleta/exact/sparse_loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "skeleta/exact/low_skeletons.h"
#include "support.h"

namespace skeleta::exact {
namespace {

double value_of(const Autoencoder& model, const Features& features, CountRange skeletons) {
  Matrix dW;
  Vector db;
  return SparseLoss(features, skeletons).loss_and_gradient(model, dW, db);
}

// The contributions of low_skeletons.cpp, which sums over supports where this sums over outputs.
TEST(SparseLoss, IsTheSumOfTheContributions) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < testing::scaled(100, 20); ++trial) {
    const Index count = 1 + trial % 9;
    const auto model = testing::random_model(count, 1 + trial % 3, random);
    const auto features = testing::random_features(count, 0.9, random);
    for (Index first = 0; first <= 2; ++first) {
      for (Index last = first; last <= std::min<Index>(2, count); ++last) {
        double sum = 0.0;
        for (Index l = first; l <= last; ++l) {
          sum += skeleton_part(model, features, l).contribution;
        }
        EXPECT_NEAR(value_of(model, features, {first, last}), sum, 1e-13 * sum) << trial;
      }
    }
  }
}

TEST(SparseLoss, KnowsCertainFeatures) {
  std::mt19937_64 random(2);
  const auto model = testing::random_model(5, 2, random);
  auto features = Features::uniform(5, 0.3);
  for (const Index certain : {3, 1, 4}) {
    features.density(certain) = 1.0;
    for (Index l = 0; l <= 2; ++l) {
      const double expected = skeleton_part(model, features, l).contribution;
      EXPECT_NEAR(value_of(model, features, {l, l}), expected, 1e-14) << certain << " " << l;
    }
  }
}

// Central differences of the value. Rule: the gradient agrees to 1e-7 of its own norm, plus the
// rounding of the differences. Models away from the kinks at w = 0, b = 0.
TEST(SparseLoss, GradientIsTheSlopeOfTheValue) {
  std::mt19937_64 random(3);
  std::normal_distribution<> normal;
  for (int trial = 0; trial < testing::scaled(40, 12); ++trial) {
    const Index count = 3 + trial % 4, hidden = 2;
    auto model = testing::random_model(count, hidden, random);
    for (double& w : model.W.reshaped()) w += 0.05 * normal(random);
    for (double& b : model.b) b = std::copysign(0.05, b) + b;
    const auto features = testing::random_features(count, 0.9, random);
    for (const CountRange range : {CountRange{0, 0}, {1, 1}, {2, 2}, {0, 2}}) {
      SparseLoss loss(features, range);
      Matrix dW, unused;
      Vector db, unused_too;
      const double value = loss.loss_and_gradient(model, dW, db);
      const double tolerance = 1e-7 * (dW.norm() + db.norm()) + 1e-10 * value;
      const auto slope = [&](double& parameter) {
        constexpr double step = 1e-5;
        const double kept = parameter;
        parameter = kept + step;
        const double right = loss.loss_and_gradient(model, unused, unused_too);
        parameter = kept - step;
        const double left = loss.loss_and_gradient(model, unused, unused_too);
        parameter = kept;
        return (right - left) / (2.0 * step);
      };
      for (Index k = 0; k < model.W.size(); ++k) {
        EXPECT_NEAR(slope(model.W.reshaped()(k)), dW.reshaped()(k), tolerance) << trial;
      }
      for (Index k = 0; k < count; ++k) {
        EXPECT_NEAR(slope(model.b(k)), db(k), tolerance) << trial;
      }
    }
  }
}

TEST(SparseLoss, HasTheSameBitsForAnyNumberOfThreads) {
  std::mt19937_64 random(4);
  const auto model = testing::random_model(30, 4, random);
  const auto features = testing::random_features(30, 0.2, random);
  Matrix dW1, dW3;
  Vector db1, db3;
  const double one = SparseLoss(features, {0, 2}, 1).loss_and_gradient(model, dW1, db1);
  const double three = SparseLoss(features, {0, 2}, 3).loss_and_gradient(model, dW3, db3);
  EXPECT_EQ(one, three);
  EXPECT_TRUE((dW1.array() == dW3.array()).all());
  EXPECT_TRUE((db1.array() == db3.array()).all());
}

TEST(SparseLoss, RefusesWhatHasNoClosedForm) {
  const auto features = Features::uniform(5, 0.1);
  EXPECT_THROW(SparseLoss(features, {0, 3}), std::invalid_argument);
  EXPECT_THROW(SparseLoss(features, {-1, 1}), std::invalid_argument);
  EXPECT_THROW(SparseLoss(features, {2, 1}), std::invalid_argument);
  EXPECT_THROW(SparseLoss(Features{}, {0, 1}), std::invalid_argument);
  std::mt19937_64 random(5);
  Matrix dW;
  Vector db;
  EXPECT_THROW(
      SparseLoss(features, {0, 1}).loss_and_gradient(testing::random_model(4, 2, random), dW, db),
      std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::exact
