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
  SparseObjective beyond = SparseObjective::k_sparse(features, 2, 3);
  Vector gradient(x.size());
  beyond(x, gradient);
  EXPECT_THROW(beyond.times(x, gradient), std::invalid_argument);
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
  EXPECT_THROW(validate(options, features, 2), std::invalid_argument);
  options.objective = ObjectiveKind::exact;
  options.hidden_noise = 0.1;
  EXPECT_THROW(validate(options, features, 2), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::training
