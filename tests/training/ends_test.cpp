// Ends of starts that are no minima, though the gradient vanishes there.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "skeleta/optimize/lbfgs.h"
#include "skeleta/training/objectives.h"
#include "skeleta/training/parameters.h"
#include "skeleta/training/train.h"

namespace skeleta::training {
namespace {

// D = 5, d = 2, p = .05: the pentagon, tests/training/train_test.cpp.
constexpr double pentagon = 0.0089035937, density = 0.05;

TrainedModel from(const Autoencoder& model, Options options = {}) {
  options.init = Init::given;
  options.model = model;
  return train(Features::uniform(model.features(), density), model.hidden(), options).starts[0];
}

ExactObjective objective(Index features) {
  exact::Options options;
  options.error_control = exact::ErrorControl::estimated;
  return {Features::uniform(features, density), 2, options};
}

// Where a descent without displacements ends: what the training below is to get beyond.
optimize::Summary plain_descent(Autoencoder& model) {
  ExactObjective f = objective(model.features());
  Vector x = to_parameters(model);
  const optimize::Summary end = optimize::Lbfgs({.first_step = 0.1}).minimize(f, x);
  from_parameters(x, model);
  return end;
}

// Thresholds so high that nothing fires: the loss is that of the zero model, and flat. A constant
// output of p/2 alone lowers it to 5(p/3 − p²/4) = .0802.
TEST(Ends, DeadOutputsAreRevived) {
  Autoencoder dead{Matrix(2, 5), Vector::Constant(5, 3.0)};
  dead.W << 1.0, 0.3, -0.2, 0.1, 0.5,  //
      0.2, -0.7, 0.4, 0.8, -0.1;
  const TrainedModel end = from(dead);
  EXPECT_EQ(plain_descent(dead).iterations, 0u);
  EXPECT_TRUE(end.is_minimum());
  EXPECT_NEAR(end.loss.value, pentagon, 1e-9);
}

// W = 0 is stationary, b = 0 a kink: the gradient is that of the side of larger b, where all is
// flat.
TEST(Ends, ZeroWeightsAreLeft) {
  Autoencoder zero{Matrix::Zero(2, 5), Vector::Zero(5)};
  const TrainedModel end = from(zero);
  EXPECT_EQ(plain_descent(zero).iterations, 0u);
  EXPECT_TRUE(end.is_minimum());
  EXPECT_LE(end.loss.value, 0.0177053324);  // of the minima listed below
}

// Two digons and a column that is 0: a saddle, from which random starts find minima at .0089036,
// .0172800 and .0177053 (two digons and a constant output) only.
TEST(Ends, AZeroColumnIsLeft) {
  Autoencoder digons{Matrix::Zero(2, 4), Vector::Zero(4)};
  digons.W(0, 0) = digons.W(1, 2) = 1.0;
  digons.W(0, 1) = digons.W(1, 3) = -1.0;
  plain_descent(digons);
  Autoencoder saddle{Matrix::Zero(2, 5), Vector::Zero(5)};
  saddle.W.leftCols(4) = digons.W;
  saddle.b.head(4) = digons.b;
  ExactObjective f = objective(5);
  Vector gradient(parameter_count(5, 2));
  EXPECT_GT(f(to_parameters(saddle), gradient), 0.0183);
  EXPECT_LT(gradient.norm(), 1e-8);
  const TrainedModel end = from(saddle);
  EXPECT_TRUE(end.is_minimum());
  EXPECT_LT(end.loss.value, 0.0177054);
}

// The regular 12-gon, stationary on one active feature with the mean loss .1959073466
// (data/kgon.csv): a descent of its symmetry stays, one beside it ends at .1907630 or below.
TEST(Ends, ASymmetricSaddleIsLeft) {
  const Index count = 12;
  const Features features = Features::uniform(count, 0.1);
  Autoencoder polygon{Matrix(2, count), Vector::Constant(count, 0.4665)};
  for (Index j = 0; j < count; ++j) {
    const double angle = 2.0 * std::numbers::pi * static_cast<double>(j) / 12.0;
    polygon.W.col(j) << 1.0332 * std::cos(angle), 1.0332 * std::sin(angle);
  }
  auto f = SparseObjective::one_sparse(features, 2);
  Vector x = to_parameters(polygon);
  EXPECT_NEAR(optimize::Lbfgs({.value_noise = 1e-14, .first_step = 0.01}).minimize(f, x).value,
              0.1959073466, 1e-10);
  Options options;
  options.objective = ObjectiveKind::one_sparse;
  options.init = Init::given;
  options.model = polygon;
  const TrainedModel end = train(features, 2, options).starts[0];
  EXPECT_TRUE(end.is_minimum());
  EXPECT_LT(end.summary.value, 0.19077);
}

// A start that a limit stopped is in no minimum, whatever its loss.
TEST(Ends, OfALimitOnStepsAreNoMinima) {
  Options options;
  options.starts = 6;
  options.max_steps = 5;
  const Training training = train(Features::uniform(5, density), 2, options);
  EXPECT_TRUE(training.minima.empty());
  for (const TrainedModel& start : training.starts) {
    EXPECT_EQ(start.summary.stop_reason, optimize::DescentStop::iterations);
    EXPECT_EQ(start.summary.iterations, 5u);
    EXPECT_FALSE(start.is_minimum());
  }
  ASSERT_NE(training.best(), nullptr);
  EXPECT_GT(training.best()->loss.value, pentagon);
}

// Steps so large that the last point has a loss that is finite still, but no minimum and no best.
TEST(Ends, OfDivergenceAreNoMinima) {
  Options options;
  options.objective = ObjectiveKind::sampled;
  options.optimizer = OptimizerKind::sgd;
  options.descent.learning_rate = 1e4;
  options.starts = 3;
  const Training training = train(Features::uniform(5, 0.1), 2, options);
  EXPECT_TRUE(training.minima.empty());
  EXPECT_EQ(training.best(), nullptr);
}

// The displacements are those of the start: the same bits again, and a minimum stays as it is.
TEST(Ends, AreReproducibleAndMinimaStay) {
  const Autoencoder zero{Matrix::Zero(2, 5), Vector::Zero(5)};
  const TrainedModel once = from(zero), again = from(zero);
  EXPECT_EQ(once.model.W, again.model.W);
  const TrainedModel end = from(once.model);
  EXPECT_EQ(end.model.W, once.model.W);
  EXPECT_EQ(end.summary.iterations, 0u);
}

// The gradient vanishes where nothing fires, which is judged, and left: of the point where the next
// descent is stopped nothing is known.
TEST(Ends, WhatIsSaidOfOneEndIsNotSaidOfTheNext) {
  Autoencoder dead{Matrix(2, 5), Vector::Constant(5, 3.0)};
  dead.W << 1.0, 0.3, -0.2, 0.1, 0.5,  //
      0.2, -0.7, 0.4, 0.8, -0.1;
  for (const auto objective : {ObjectiveKind::exact, ObjectiveKind::k_sparse}) {
    Options options;
    options.objective = objective;
    options.optimizer = OptimizerKind::automatic;
    options.max_steps = 2;
    const TrainedModel end = from(dead, options);
    EXPECT_EQ(end.summary.stop_reason, optimize::DescentStop::iterations);
    EXPECT_EQ(end.landscape, Landscape::unknown);
  }
}

TEST(Ends, NothingIsToBeLearntWhereWhatMattersIsNeverActive) {
  const Features features{Vector{{0.1, 0.0}}, Vector{{0.0, 1.0}}};
  for (const auto objective :
       {ObjectiveKind::exact, ObjectiveKind::one_sparse, ObjectiveKind::k_sparse}) {
    Options options;
    options.objective = objective;
    EXPECT_THROW(train(features, 1, options), std::invalid_argument);
  }
}

}  // namespace
}  // namespace skeleta::training
