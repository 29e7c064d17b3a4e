#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "skeleta/exact/loss.h"
#include "skeleta/training/parameters.h"
#include "skeleta/training/train.h"

// Models that are not the tied ReLU with thresholds, objectives with penalties, other laws.
namespace skeleta::training {
namespace {

Options with_starts(std::uint64_t starts) {
  Options options;
  options.starts = starts;
  options.seed = 5;
  return options;
}

Features pair(const ActivityNodes& nodes) {
  return Features::of({ActivityTree(nodes), std::vector<ValueLaw>(2)}, Vector::Ones(2));
}

double best_loss(const Features& features, Index hidden, const Options& options) {
  const Training training = train(features, hidden, options);
  EXPECT_NE(training.best(), nullptr);
  return training.best()->loss.value;
}

// Two columns (1, 0) and (2, 1): ⟨w_1, w_2⟩ = 2, so Σ_{i≠j} = 8; ‖W‖² = 6.
TEST(Penalty, IsTheSumOfSquares) {
  const Autoencoder model{Matrix{{1.0, 2.0}, {0.0, 1.0}}, Vector::Zero(2)};
  Vector gradient = Vector::Zero(6);
  EXPECT_DOUBLE_EQ(add_penalty({.interference = 0.5}, model, gradient), 4.0);
  // ∂/∂w_1 = 4·½·⟨w_1, w_2⟩ w_2 = (8, 4), ∂/∂w_2 = (4, 0)
  EXPECT_EQ(gradient, (Vector{{8.0, 4.0, 4.0, 0.0, 0.0, 0.0}}));
  EXPECT_DOUBLE_EQ(add_penalty({.decay = 0.5}, model, gradient), 3.0);
  EXPECT_EQ(gradient, (Vector{{9.0, 4.0, 6.0, 1.0, 0.0, 0.0}}));
}

TEST(Penalty, OfTheDecoderIsADecayAlone) {
  Autoencoder model{Matrix{{1.0, 2.0}}, Vector::Zero(2)};
  model.W_out = Matrix{{3.0}, {4.0}};
  Vector gradient = Vector::Zero(6);
  EXPECT_DOUBLE_EQ(add_penalty({.interference = 1.0, .decay = 1.0}, model, gradient), 8.0 + 30.0);
  EXPECT_EQ(gradient.segment(2, 2), (Vector{{6.0, 8.0}}));
}

TEST(Parameters, HoldTheDecoderToo) {
  Autoencoder model{Matrix{{1.0, 2.0, 3.0}}, Vector{{7.0, 8.0, 9.0}}};
  model.W_out = Matrix{{4.0}, {5.0}, {6.0}};
  const Vector x = to_parameters(model);
  EXPECT_EQ(x, (Vector{{1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0}}));
  EXPECT_EQ(x.size(), parameter_count(model));
  Autoencoder back = model;
  back.W.setZero();
  back.W_out.setZero();
  back.b.setZero();
  from_parameters(x, back);
  EXPECT_EQ(back.W, model.W);
  EXPECT_EQ(back.W_out, model.W_out);
  EXPECT_EQ(back.b, model.b);
}

// λ above where the pentagon is the least of loss and penalty (its own is least of the loss alone):
// the best start, the best minimum and the order go by what was minimised.
TEST(Train, SortsByWhatIsMinimised) {
  const Features features = Features::uniform(5, 0.001);
  Options options;
  options.starts = 20;
  options.penalty.interference = 1.6e-4;
  const Training found = train(features, 2, options);
  const TrainedModel& best = *found.best();
  double least = INFINITY;
  for (const TrainedModel& start : found.starts) {
    Vector gradient = Vector::Zero(15);
    const double penalty = add_penalty(options.penalty, start.model, gradient);
    EXPECT_NEAR(start.penalty, penalty, 1e-15);
    EXPECT_NEAR(start.summary.value, start.charged_loss(), 1e-6 * start.charged_loss());
    EXPECT_GE(start.charged_loss(), best.charged_loss());
    least = std::min(least, start.loss.value);
  }
  EXPECT_LT(least, best.loss.value);  // else nothing would be told by it
  ASSERT_FALSE(found.minima.empty());
  EXPECT_EQ(found.minima.front().objective, best.charged_loss());
  EXPECT_EQ(found.minima.front().loss, best.loss.value);
  for (std::size_t k = 1; k < found.minima.size(); ++k) {
    EXPECT_GT(found.minima[k].objective, found.minima[k - 1].objective);
  }
}

// At the end the gradient of loss and penalty vanishes, and that of the loss does not.
TEST(Train, MinimisesThePenaltyToo) {
  const Features features = Features::uniform(4, 0.1);
  Options options = with_starts(1);
  options.penalty = {.interference = 0.01, .decay = 0.005};
  options.gradient_tolerance = 1e-9;
  const Training training = train(features, 2, options);
  const TrainedModel& end = training.starts.front();
  const auto at_end = exact::loss_and_gradient(end.model, features);
  Vector gradient;
  to_parameters(at_end.dW, at_end.db, gradient);
  EXPECT_GT(gradient.norm(), 1e-3);
  const double penalty = add_penalty(options.penalty, end.model, gradient);
  EXPECT_LT(gradient.norm(), 1e-7);
  EXPECT_NEAR(end.summary.value, end.loss.value + penalty, 1e-9);
}

// Importances times 2^10 and charges alike: the same models, to the bit.
TEST(Train, ChargesInTheUnitOfTheLoss) {
  Options options = with_starts(1);
  options.penalty = {.interference = 0.01, .decay = 0.005};
  const auto one = train(Features::uniform(4, 0.1), 2, options).starts.front();
  options.penalty = {.interference = 0.01 * 1024, .decay = 0.005 * 1024};
  const auto other = train(Features::uniform(4, 0.1, 1024), 2, options).starts.front();
  EXPECT_EQ(one.model.W, other.model.W);
  EXPECT_EQ(1024 * one.summary.value, other.summary.value);
}

TEST(Train, LeavesThresholdsAtZero) {
  const Features features = Features::uniform(5, 0.05);
  Options options = with_starts(3);
  options.thresholds = false;
  const Training training = train(features, 2, options);
  for (const TrainedModel& start : training.starts) EXPECT_TRUE(start.model.b.isZero(0.0));
  // The pentagon again; thresholds lower its loss by two fifths.
  EXPECT_NEAR(training.best()->loss.value, 0.015652254471, 1e-11);
  EXPECT_LT(training.best()->loss_gradient_norm, 1e-7);
}

// The tied models are among the untied ones, which have long flat valleys below them.
TEST(Train, UntiedIsNoWorseThanTied) {
  const Features features = Features::uniform(5, 0.05);
  Options options = with_starts(6);
  const double tied = best_loss(features, 2, options);
  EXPECT_NEAR(tied, 0.008903593724, 1e-11);
  options.untied = true;
  options.max_steps = 300;
  const Training training = train(features, 2, options);
  EXPECT_LE(training.best()->loss.value, tied + 1e-9);
  EXPECT_EQ(training.best()->model.W_out.rows(), 5);
}

// Batches of exclusive features, by Adam and over one fixed sample: two share a dimension, and the
// decoder has a scale of its own.
TEST(Train, UntiedOnSamples) {
  const Features features =
      pair(activity::exclusive({activity::feature(0, 0.1), activity::feature(1, 0.1)}));
  Options options = with_starts(4);
  options.untied = true;
  options.objective = ObjectiveKind::sampled;
  options.descent.learning_rate = 0.01;
  options.max_steps = 2000;
  for (const OptimizerKind optimizer : {OptimizerKind::adam, OptimizerKind::lbfgs}) {
    options.optimizer = optimizer;
    const Training training = train(features, 1, options);
    const Autoencoder& best = training.best()->model;
    EXPECT_LT(training.best()->loss.value, 1e-3 * loss_of_zero_model(features));
    EXPECT_NE(best.W, best.W_out.transpose());
    // It goes on from there.
    Options further = options;
    further.untied = false;
    further.init = Init::given;
    further.model = best;
    further.max_steps = 5;
    EXPECT_LT(train(features, 1, further).best()->loss.value, 1e-3 * loss_of_zero_model(features));
  }
}

// Of noise alone the zero model is the best there can be once it is loud enough; a little costs a
// little.
TEST(Train, HiddenNoiseCosts) {
  const Features features = Features::uniform(3, 0.1);
  Options options = with_starts(3);
  const double quiet = best_loss(features, 2, options);
  options.hidden_noise = 0.1;
  const double noisy = best_loss(features, 2, options);
  EXPECT_GT(noisy, quiet * 1.05);
  EXPECT_LT(noisy, loss_of_zero_model(features));
}

// Of one hidden dimension two features that exclude each other fill both sides without any loss;
// independent ones interfere on Q_2 (v₁ + v₂)p²/6 at most.
TEST(Train, ExclusiveFeaturesShareADimension) {
  const Features exclusive =
      pair(activity::exclusive({activity::feature(0, 0.1), activity::feature(1, 0.1)}));
  Options options = with_starts(4);
  options.gradient_tolerance = 1e-10;
  const Training training = train(exclusive, 1, options);
  EXPECT_LT(training.best()->loss.value, 1e-8);
  EXPECT_LT(training.best()->model.W(0, 0) * training.best()->model.W(0, 1), 0.0);
  const double independent = best_loss(Features::uniform(2, 0.1), 1, options);
  EXPECT_GT(independent, 1e-4);
  EXPECT_LE(independent, 2 * 0.1 * 0.1 / 6);
}

// x → cx with W the same and b → cb: the same minimum, c² times the loss.
TEST(Train, FollowsTheScaleOfValues) {
  const Vector density = Vector::Constant(3, 0.1);
  const auto law = [&](double c) {
    return Features::of(DataLaw::independent(density, ValueLaw::uniform(0, c)), Vector::Ones(3));
  };
  const double one = best_loss(Features::uniform(3, 0.1), 2, with_starts(4));
  EXPECT_NEAR(best_loss(law(3.0), 2, with_starts(4)), 9.0 * one, 1e-7 * one);
}

// The losses on few active features of other laws: rescaled values, by the same identity, and
// exclusive features, of which no two are ever active: the loss on Q_0 and Q_1 is the whole one.
TEST(Train, OnFewFeaturesKnowsOtherLaws) {
  Options options = with_starts(4);
  options.objective = ObjectiveKind::k_sparse;
  options.k = 2;
  const auto sparse = [&](const Features& features) {
    double best = INFINITY;
    train(features, 1, options, [&](TrainedModel&& start) {
      best = std::min(best, start.summary.value);
      return true;
    });
    return best;
  };
  const Features wide = Features::of(
      DataLaw::independent(Vector::Constant(3, 0.1), ValueLaw::uniform(0.0, 3.0)), Vector::Ones(3));
  const double one = sparse(Features::uniform(3, 0.1));
  EXPECT_NEAR(sparse(wide), 9.0 * one, 1e-6 * one);
  const Features exclusive =
      pair(activity::exclusive({activity::feature(0, 0.1), activity::feature(1, 0.1)}));
  options.k = 1;
  options.hidden_noise = 0.1;
  EXPECT_NEAR(sparse(exclusive),
              best_loss(exclusive, 1,
                        [&] {
                          Options whole = options;
                          whole.objective = ObjectiveKind::exact;
                          return whole;
                        }()),
              1e-7);
}

TEST(Train, RefusesWhatAnObjectiveDoesNotKnow) {
  const auto message = [](const Features& features, const Options& options) -> std::string {
    try {
      validate(options, features, 1);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  const Features exclusive =
      pair(activity::exclusive({activity::feature(0, 0.1), activity::feature(1, 0.1)}));
  Options options;
  EXPECT_EQ(message(exclusive, options), "");
  options.objective = ObjectiveKind::one_sparse;
  options.untied = true;
  EXPECT_EQ(message(exclusive, options), "");
  options.objective = ObjectiveKind::sampled;
  EXPECT_EQ(message(exclusive, options), "");
  options.hidden_noise = 0.1;
  EXPECT_THAT(message(exclusive, options),
              testing::StartsWith("the objective sampled knows only ReLU models without noise"));
  options.hidden_noise = 0.0;
  options.objective = ObjectiveKind::linear;
  EXPECT_THAT(message(Features::uniform(2, 0.1), options),
              testing::StartsWith("the objective linear knows only ReLU models with tied"));
  options = {};
  options.penalty.interference = -1.0;
  EXPECT_EQ(message(exclusive, options), "interference = -1 must be finite and not negative");
}

}  // namespace
}  // namespace skeleta::training
