#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "skeleta/training/objectives.h"
#include "skeleta/training/parameters.h"
#include "skeleta/training/train.h"
#include "support.h"

// Training by Newton's method.
namespace skeleta::training {
namespace {

// Products of the objectives are differences of their gradients.
template <class F>
void expect_products(F&& f, const Vector& x, double tolerance) {
  std::mt19937_64 random(9);
  std::normal_distribution<> normal;
  Vector v(x.size()), up(x.size()), down(x.size()), product(x.size());
  for (double& entry : v) entry = normal(random);
  f(x + 1e-4 * v, up);
  f(x - 1e-4 * v, down);
  f(x, product);
  f.times(v, product);
  const Vector expected = (up - down) / 2e-4;
  EXPECT_LT((product - expected).norm(), tolerance * expected.norm());
}

TEST(NewtonTraining, HasTheProductsOfItsObjectives) {
  std::mt19937_64 random(1);
  const Autoencoder model = testing::random_model(6, 2, random);
  const Features features = Features::uniform(6, 0.2);
  const Vector x = to_parameters(model);
  exact::Options options;
  options.error_control = exact::ErrorControl::estimated;
  options.gradient_target = 1e-9;
  expect_products(ExactObjective(features, 2, options), x, 1e-3);
  expect_products(SparseObjective::one_sparse(features, 2), x, 1e-5);
  expect_products(SparseObjective::k_sparse(features, 2, 2), x, 1e-5);
  // Not in closed form for all supports, or of untied models: by the whole Hessian.
  expect_products(SparseObjective::k_sparse(features, 2, 3), x, 1e-5);
  Autoencoder untied = model;
  untied.W_out = Matrix::Random(6, 2);
  expect_products(SparseObjective::one_sparse(features, untied), to_parameters(untied), 1e-5);
}

// Antipodal pairs: most entries of A vanish, and contours of few nodes miss how they curve.
TEST(NewtonTraining, EndsAmongAntipodalPairs) {
  for (const Index d : {2, 3}) {
    Options options;
    options.starts = testing::scaled(10, 4);
    options.optimizer = OptimizerKind::newton;
    const Training found = train(Features::uniform(2 * d, 0.5), d, options);
    for (const TrainedModel& start : found.starts) {
      EXPECT_EQ(start.summary.stop_reason, optimize::DescentStop::gradient) << d;
      EXPECT_EQ(start.landscape, Landscape::minimum) << d;
    }
  }
}

// The same minimum as L-BFGS, and said to be one.
TEST(NewtonTraining, EndsWhereLbfgsDoes) {
  const auto features = Features::uniform(5, 0.05);
  for (const ObjectiveKind objective :
       {ObjectiveKind::exact, ObjectiveKind::k_sparse, ObjectiveKind::exact}) {
    Options options;
    options.objective = objective;
    options.k = 3;
    options.starts = 4;
    options.gradient_tolerance = 1e-8;
    if (objective == ObjectiveKind::exact) options.penalty = {1e-3, 1e-4};
    const Training by_lbfgs = train(features, 2, options);
    options.optimizer = OptimizerKind::newton;
    const Training by_newton = train(features, 2, options);
    EXPECT_NEAR(by_newton.best()->loss.value, by_lbfgs.best()->loss.value, 1e-9);
    EXPECT_EQ(by_newton.best()->landscape, Landscape::minimum);
    for (const TrainedModel& start : by_newton.starts) EXPECT_TRUE(start.is_minimum());
    EXPECT_EQ(by_lbfgs.best()->landscape, Landscape::unknown);
  }
}

// W = 0 with the best constants is a saddle at which the gradient vanishes: L-BFGS would have to
// be pushed, Newton sees the way down.
TEST(NewtonTraining, LeavesSaddles) {
  const auto features = Features::uniform(4, 0.3);
  Options options;
  options.init = Init::given;
  options.model = Autoencoder{Matrix::Zero(2, 4), Vector::Constant(4, -0.15)};
  options.model->W(0, 0) = 1e-12;
  options.optimizer = OptimizerKind::newton;
  const Training training = train(features, 2, options);
  const TrainedModel& end = training.starts.front();
  EXPECT_NE(end.landscape, Landscape::saddle);
  EXPECT_LT(end.loss.value, 0.9 * 4.0 * (0.3 / 3.0 - 0.15 * 0.15));  // of constants
}

// The same bits as L-BFGS where it ends at minima, which it says then.
TEST(NewtonTraining, JudgesTheEndsOfTheDefault) {
  const auto features = Features::uniform(6, 0.05);
  Options options;
  options.starts = 5;
  const Training by_lbfgs = train(features, 2, options);
  options.optimizer = OptimizerKind::automatic;
  const Training judged = train(features, 2, options);
  for (std::size_t k = 0; k < judged.starts.size(); ++k) {
    const TrainedModel& end = judged.starts[k];
    EXPECT_NE(end.landscape, Landscape::unknown) << k;
    EXPECT_NE(end.landscape, Landscape::saddle) << k;
    if (end.landscape != Landscape::minimum) continue;
    EXPECT_EQ(end.model.W, by_lbfgs.starts[k].model.W) << k;
  }
  EXPECT_EQ(judged.best()->landscape, Landscape::minimum);
  options.thresholds = false;  // all outputs are at them where no feature is active
  EXPECT_EQ(train(features, 2, options).best()->landscape, Landscape::kink);
}

// Two equal columns stay equal, and in their line: by symmetry the gradient leads to a saddle, from
// which each gets a dimension of its own.
TEST(NewtonTraining, TheDefaultLeavesSaddles) {
  const auto features = Features::uniform(2, 0.3);
  Options options;
  options.init = Init::given;
  options.model = Autoencoder{Matrix{{0.7, 0.7}, {0.0, 0.0}}, Vector::Zero(2)};
  options.optimizer = OptimizerKind::automatic;
  const Training training = train(features, 2, options);
  EXPECT_NE(training.starts.front().landscape, Landscape::saddle);
  EXPECT_LT(training.starts.front().loss.value, 1e-9);  // D = d: both features have a line each
}

// From 64 features on stages of Newton's method reach what L-BFGS reaches, with fewer evaluations.
TEST(NewtonTraining, TakesOverFromManyFeaturesOn) {
  const auto features = Features::uniform(64, 0.01);
  Options options;
  options.gradient_tolerance = 1e-8;
  options.record_every = 0;
  const Training by_lbfgs = train(features, 8, options);
  options.optimizer = OptimizerKind::automatic;
  const Training training = train(features, 8, options);
  const TrainedModel& end = training.starts.front();
  EXPECT_EQ(end.summary.stop_reason, optimize::DescentStop::gradient);
  EXPECT_LE(end.summary.gradient_norm, 1e-8 * 64.0 * 0.01 / 3.0);
  EXPECT_LT(end.summary.evaluations, by_lbfgs.starts.front().summary.evaluations);
  EXPECT_NEAR(end.loss.value, by_lbfgs.starts.front().loss.value, 0.02 * end.loss.value);
  EXPECT_NE(end.landscape, Landscape::saddle);
}

TEST(NewtonTraining, RefusesWhatHasNoSecondDerivatives) {
  const auto features = Features::uniform(4, 0.3);
  Options options;
  options.optimizer = OptimizerKind::newton;
  EXPECT_NO_THROW(validate(options, features, 2));
  for (const ObjectiveKind objective : {ObjectiveKind::sampled, ObjectiveKind::linear}) {
    options.objective = objective;
    EXPECT_THROW(validate(options, features, 2), std::invalid_argument);
  }
  options.objective = ObjectiveKind::k_sparse;
  options.k = 3;
  EXPECT_NO_THROW(validate(options, features, 2));
  EXPECT_THROW(validate(options, Features::uniform(60, 0.3), 2), std::invalid_argument);
  options.k = 6;
  EXPECT_THROW(validate(options, Features::uniform(6, 0.3), 2), std::invalid_argument);
  options.objective = ObjectiveKind::exact;
  options.hidden_noise = 0.1;
  EXPECT_THROW(validate(options, features, 2), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::training
