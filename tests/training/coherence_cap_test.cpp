#include <gtest/gtest.h>

#include <cmath>

#include "skeleta/training/objectives.h"
#include "skeleta/training/parameters.h"
#include "skeleta/training/train.h"
#include "support.h"
#include "training/coherence_cap.h"

namespace skeleta::training {
namespace {

double largest_cosine(const Matrix& W) {
  double largest = 0.0;
  for (Index j = 0; j < W.cols(); ++j) {
    for (Index i = 0; i < j; ++i) {
      const double lengths = W.col(i).norm() * W.col(j).norm();
      if (lengths > 0.0) largest = std::max(largest, std::abs(W.col(i).dot(W.col(j))) / lengths);
    }
  }
  return largest;
}

// Against differences, where some constraints are active and others are not.
TEST(CoherenceCap, HasItsGradient) {
  std::srand(3);
  Matrix W = Matrix::Random(3, 6);
  CoherenceCap cap(0.4, 6, 0.1);
  for (int round = 0; round < 3; ++round) {
    Vector gradient = Vector::Zero(W.size() + 6);
    cap.add(W, gradient);
    for (Index k = 0; k < W.size(); ++k) {
      constexpr double h = 1e-6;
      Vector none = Vector::Zero(W.size() + 6);
      Matrix up = W, down = W;
      up.data()[k] += h;
      down.data()[k] -= h;
      EXPECT_NEAR(gradient(k), (cap.add(up, none) - cap.add(down, none)) / (2.0 * h), 1e-8);
    }
    EXPECT_TRUE((gradient.tail(6).array() == 0.0).all());
    EXPECT_FALSE(cap.holds(W));
  }
}

Training trained(Index count, double density, double cap, std::uint64_t starts) {
  Options options;
  options.coherence_cap = cap;
  options.starts = starts;
  return train(Features::uniform(count, density), 2, options);
}

// Of three lines in the plane two have a |cosine| of at least ½: below, a feature is dropped, and
// two orthonormal columns are perfect. The least loss is the variance v = p/3 − p²/4 of what is
// dropped.
TEST(CoherenceCap, DropsWhatHasNoRoom) {
  for (const double cap : {0.2, 0.45}) {
    const Training found = trained(3, 0.05, cap, 10);
    const TrainedModel& best = *found.best();
    EXPECT_LE(largest_cosine(best.model.W), cap + 1e-8);
    EXPECT_EQ((best.model.W.colwise().norm().array() == 0.0).count(), 1);
    EXPECT_NEAR(best.loss.value, 0.05 / 3.0 - 0.0025 / 4.0, 1e-9);
    EXPECT_TRUE(best.is_minimum());
  }
}

// Karush and Kuhn: at the end the gradient of the loss points against that of the one constraint
// that is active. Independent of the multipliers by which it was found.
TEST(CoherenceCap, EndsWhereNoAllowedDirectionLeadsDown) {
  constexpr double cap = 0.8;
  const Autoencoder model = trained(3, 0.05, cap, 10).best()->model;
  const Matrix& W = model.W;
  Vector gradient(9), normal = Vector::Zero(9);
  ExactObjective loss(Features::uniform(3, 0.05), 2, {});
  loss(to_parameters(model), gradient);
  int active = 0;
  for (Index j = 0; j < 3; ++j) {
    for (Index i = 0; i < j; ++i) {
      const double product = W.col(i).dot(W.col(j));
      const double lengths = W.col(i).norm() * W.col(j).norm();
      if (std::abs(product) < (cap - 1e-6) * lengths) continue;
      ++active;
      const double squared = cap * cap;
      normal.segment(2 * i, 2) = product * W.col(j) - squared * W.col(j).squaredNorm() * W.col(i);
      normal.segment(2 * j, 2) = product * W.col(i) - squared * W.col(i).squaredNorm() * W.col(j);
    }
  }
  ASSERT_EQ(active, 1);
  const double multiplier = -gradient.dot(normal) / normal.squaredNorm();
  EXPECT_GT(multiplier, 1e-5);
  EXPECT_LE((gradient + multiplier * normal).norm(), 1e-3 * gradient.norm());
}

// Below cos 45° three lines have room at most, and what is dropped costs its variance each.
TEST(CoherenceCap, DroppedFeaturesCostTheirVariance) {
  const double v = 0.05 / 3.0 - 0.0025 / 4.0;
  EXPECT_NEAR(trained(5, 0.05, 0.65, 10).best()->loss.value,
              2.0 * v + trained(3, 0.05, 0.65, 20).best()->loss.value, 1e-8);
}

// The pentagon has |cos| 36° = .8090: a larger cap changes nothing, a smaller one does.
TEST(CoherenceCap, IsNoConstraintWhereTheMinimumMeetsIt) {
  const double free = trained(5, 0.05, 1.0, 10).best()->loss.value;
  EXPECT_NEAR(trained(5, 0.05, 0.82, 10).best()->loss.value, free, 1e-9);
  const Training capped = trained(5, 0.05, 0.75, 10);
  EXPECT_LE(largest_cosine(capped.best()->model.W), 0.75 + 1e-8);
  EXPECT_GT(capped.best()->loss.value, free * 1.1);
}

// Whatever it takes: all ends obey, and a smaller cap never leads lower than the best of a larger.
TEST(CoherenceCap, HoldsAtTheEndOfEveryStart) {
  for (const double cap : {0.3, 0.6, 0.72}) {
    for (const TrainedModel& start : trained(6, 0.1, cap, 6).starts) {
      EXPECT_LE(largest_cosine(start.model.W), cap + 1e-8) << cap << ", start " << start.start;
    }
  }
}

TEST(CoherenceCap, RefusesWhatItCannotKeep) {
  Options options;
  const auto features = Features::uniform(3, 0.1);
  for (const double cap : {0.0, -1.0, 1.5, double{NAN}}) {
    options.coherence_cap = cap;
    EXPECT_THROW(train(features, 2, options), std::invalid_argument) << cap;
  }
  options.coherence_cap = 0.5;
  options.optimizer = OptimizerKind::adam;
  EXPECT_THROW(train(features, 2, options), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::training
