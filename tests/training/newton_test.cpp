#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "skeleta/exact/hessian.h"
#include "skeleta/training/objectives.h"
#include "skeleta/training/parameters.h"
#include "skeleta/training/train.h"
#include "support.h"
#include "training/flat_directions.h"

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
  Autoencoder few = testing::random_model(4, 2, random);
  few.b = few.b.cwiseAbs().array() + 0.1;  // none near a kink or corner
  expect_products(ClosedObjective(Features::uniform(4, 0.2), few), to_parameters(few), 1e-5);
  Autoencoder five = testing::random_model(5, 2, random);
  five.b = five.b.cwiseAbs().array() + 0.1;
  expect_products(ClosedObjective(Features::uniform(5, 0.2), five), to_parameters(five), 1e-5);
  Vector slope, by_contour;
  const double closed =
      ClosedObjective(Features::uniform(5, 0.2), five)(to_parameters(five), slope);
  ExactObjective contour(Features::uniform(5, 0.2), 2, options);
  EXPECT_NEAR(closed, contour(to_parameters(five), by_contour), 1e-9);
  EXPECT_LT((slope - by_contour).norm(), 1e-8);
  // Fine ones are those of many more nodes.
  ExactObjective exact(features, 2, options);
  Vector gradient(x.size()), rough(x.size()), fine(x.size());
  exact(x, gradient);
  exact.times(gradient, rough);
  exact.fine_times(gradient, fine);
  const Vector expected = exact::hessian(model, features, options, 1e-9).matrix * gradient;
  EXPECT_LT((fine - expected).norm(), 1e-6 * expected.norm());
  EXPECT_LT((rough - expected).norm(), 1e-3 * expected.norm());
}

// Output 2 never fires, and nobody fires while feature 2 alone is active: of one active feature its
// parameters do nothing; of more output 0 hears it.
TEST(NewtonTraining, KnowsParametersThatDoNothing) {
  const Autoencoder model{Matrix{{1.0, -1.0, 0.0}, {0.0, 0.0, 0.0}}, Vector{{0.2, 0.2, 0.3}}};
  const Features features = Features::uniform(3, 0.2);
  const Matrix of_one = silent_directions(model, features, 1);
  EXPECT_EQ(of_one.cols(), 3);
  EXPECT_EQ(exact::hessian(model, features, CountRange{1, 1}).matrix * of_one, Matrix::Zero(9, 3));
  const Matrix of_all = silent_directions(model, features, 3);
  ASSERT_EQ(of_all.cols(), 1);
  EXPECT_EQ(of_all(8, 0), 1.0);
  EXPECT_EQ(exact::hessian(model, features).matrix * of_all, Matrix::Zero(9, 1));
  Autoencoder noisy = model;
  noisy.noise = 0.1;
  EXPECT_EQ(silent_directions(noisy, features, 3).cols(), 1);  // w_2 = 0: none on output 2
  noisy.W(0, 2) = 0.01;
  EXPECT_EQ(silent_directions(noisy, features, 3).cols(), 0);
}

// Groups, other values and noise on the hidden layer: ends are minima, and Newton's are L-BFGS's.
TEST(NewtonTraining, KnowsOtherLaws) {
  const Vector density = Vector::Constant(4, 0.1);
  const ActivityTree pairs(activity::join(
      {activity::exclusive({activity::feature(0, 0.1), activity::feature(1, 0.1)}),
       activity::exclusive({activity::feature(2, 0.1), activity::feature(3, 0.1)})}));
  const std::vector<Features> all{
      Features::of({pairs, std::vector<ValueLaw>(4)}, Vector::Ones(4)),
      Features::of(DataLaw::independent(density, ValueLaw::half_normal(0.5)), Vector::Ones(4)),
      Features::uniform(4, 0.1)};
  for (std::size_t k = 0; k < all.size(); ++k) {
    Options options;
    options.starts = 2;
    options.gradient_tolerance = 1e-6;
    options.optimizer = OptimizerKind::automatic;
    if (k == 2) options.hidden_noise = 0.1;
    const Training judged = train(all[k], 2, options);
    options.optimizer = OptimizerKind::newton;
    const Training by_newton = train(all[k], 2, options);
    EXPECT_NE(judged.best()->landscape, Landscape::unknown) << k;
    EXPECT_NE(judged.best()->landscape, Landscape::saddle) << k;
    EXPECT_TRUE(by_newton.best()->is_minimum()) << k;
    EXPECT_NEAR(by_newton.best()->loss.value, judged.best()->loss.value, 1e-7) << k;
  }
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
  options.hidden_noise = 0.1;
  options.k = 2;
  EXPECT_THROW(validate(options, features, 2), std::invalid_argument);
  options.objective = ObjectiveKind::exact;
  EXPECT_NO_THROW(validate(options, features, 2));
}

}  // namespace
}  // namespace skeleta::training
