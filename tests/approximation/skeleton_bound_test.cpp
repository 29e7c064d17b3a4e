#include "skeleta/approximation/skeleton_bound.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#include "oracle_table.h"
#include "skeleta/approximation/exact_loss.h"
#include "skeleta/bounds/loss_tail.h"
#include "skeleta/exact/loss.h"
#include "skeleta/storage/model_file.h"
#include "support.h"

namespace skeleta::approximation {
namespace {

TEST(ContributionBounds, HoldForEveryModelOfTheOracle) {
  for (const testing::OracleCase& c : testing::oracle_table()) {
    const Index count = c.features.size();
    const auto bounds = contribution_bounds(c.model, c.features, count);
    const auto tails = tail_bounds(c.model, c.features, count);
    for (Index l = 0; l <= count; ++l) {
      const auto n = static_cast<std::size_t>(l);
      EXPECT_GE(bounds[n], c.contributions(l)) << c.name << ", l = " << l;
      EXPECT_GE(tails[n], c.contributions.tail(count - l).sum() * (1 - 1e-14)) << c.name;
      EXPECT_LE(tails[n], bounds::LossTail(c.model, c.features).above(l)) << c.name;
    }
  }
}

TEST(ContributionBounds, HoldForRandomModels) {
  std::mt19937_64 random(6);
  for (int repeat = 0; repeat < testing::scaled(200, 20); ++repeat) {
    const Index count = 2 + repeat % 12;
    const Autoencoder model = testing::random_model(count, 1 + count / 3, random);
    const Features features = testing::random_features(count, repeat % 2 ? 0.9 : 0.1, random);
    exact::Options options;
    options.relative_target = 1e-6;
    options.error_control = exact::ErrorControl::estimated;
    const IntegralBySkeleton loss = exact::skeleton_loss(model, features, options);
    const auto bounds = contribution_bounds(model, features, count);
    for (const SkeletonPart& part : loss.skeletons) {
      EXPECT_GE(bounds[static_cast<std::size_t>(part.l)], part.contribution - loss.error_bound);
    }
  }
}

// Groups and laws of both signs, unbounded values, other models: bounds of the second moments.
TEST(ContributionBounds, HoldForOtherLawsAndModels) {
  using namespace activity;
  std::mt19937_64 random(8);
  std::normal_distribution<double> normal;
  const ActivityTree tree(
      join({exclusive({together(std::array<Index, 2>{0, 1}, 0.2), feature(2, 0.3)}),
            parent(3, 0.4, {feature(4, 0.5)})}));
  const std::vector<std::vector<ValueLaw>> values{
      {ValueLaw::uniform(-1.0, 1.0),
       ValueLaw::normal(0.2, 0.6),
       {},
       ValueLaw::half_normal(0.8),
       ValueLaw::exponential(0.3)},
      std::vector<ValueLaw>(5, ValueLaw::half_normal(1.0))};
  exact::Options options;
  options.relative_target = 1e-6;
  options.probability_floor = 0.0;
  for (int trial = 0; trial < testing::scaled(24, 8); ++trial) {
    const Features features = Features::of({tree, values[static_cast<std::size_t>(trial % 2)]},
                                           Vector::LinSpaced(5, 0.5, 2.0));
    Autoencoder model = testing::random_model(5, 2, random);
    const int kind = trial / 2 % 4;
    if (kind > 0) model.W_out = Matrix::NullaryExpr(5, 2, [&] { return 0.5 * normal(random); });
    if (kind == 2) model.noise = 0.3;
    if (kind == 2) model.activation = Activation::jumprelu, model.jump = Vector::Constant(5, 0.1);
    if (kind == 3) model.activation = Activation::identity;
    const IntegralBySkeleton loss = exact::skeleton_loss(model, features, options);
    const auto bounds = contribution_bounds(model, features, 5);
    const auto tails = tail_bounds(model, features, 5);
    double beyond = 0.0;
    for (std::size_t n = loss.skeletons.size(); n-- > 0;) {
      const SkeletonPart& part = loss.skeletons[n];
      const auto l = static_cast<std::size_t>(part.l);
      EXPECT_GE(tails[l], beyond - loss.error_bound) << trial << " " << l;
      EXPECT_GE(bounds[l], part.contribution - loss.error_bound) << trial << " " << l;
      if (kind == 3) {  // an equality
        EXPECT_NEAR(bounds[l], part.contribution, loss.error_bound + 1e-9) << trial << " " << l;
      }
      beyond += part.contribution;
    }
    EXPECT_LT(tails[0], 20.0 * beyond);
  }
}

// On Q0 nothing is lost; on Q1 only the smaller of two bounds, of which the first is exact.
TEST(ContributionBounds, AreExactOnFewFeatures) {
  for (const testing::OracleCase& c : testing::oracle_table()) {
    if (c.name.rfind("plain", 0) != 0) continue;
    const auto bounds = contribution_bounds(c.model, c.features, 1);
    EXPECT_NEAR(bounds[0], c.contributions(0), 1e-11 * c.contributions(0)) << c.name;
    EXPECT_NEAR(bounds[1], c.contributions(1), 1e-10 * (c.contributions(1) + c.probability(1)))
        << c.name;
  }
}

// MATH: 2.9 to 4.4 times the true tail on trained models, where LossTail has 7 to 12.
TEST(TailBounds, AreSharperThanLossTailOnTrainedModels) {
  for (const char* name : {"n5_m2_S0.95", "n5_m2_S0.75", "n20_m5_S0.95"}) {
    const auto file =
        storage::read_models(std::string(SKELETA_SOURCE_DIR "/data/trained/") + name + ".h5");
    const Autoencoder& model = file.models.front();
    const Features features{file.density.at(0), Vector::Ones(model.features())};
    const double rest = exact_loss(model, features, {}).loss.rest;
    const double sharp = tail_bounds(model, features, model.features())[1];
    const double plain = bounds::LossTail(model, features).above(1);
    EXPECT_GE(sharp, rest);
    EXPECT_LT(sharp, 5.0 * rest) << name;
    EXPECT_LT(sharp, 0.7 * plain) << name;
  }
}

// C_2 = 1.249e49 p_1 p_2 by a sum in 60 digits: its probability is below the range of double.
TEST(TailBounds, HoldWhereProbabilitiesAreLost) {
  const Autoencoder model{(Matrix(2, 2) << 0.88, 0.58, 0.09, 0.67).finished(), Vector::Zero(2)};
  const Features features{Vector{{1e-163, 1e-161}}, Vector::Constant(2, 1e50)};
  const std::vector<double> bounds = tail_bounds(model, features, 2);
  EXPECT_GE(bounds[1], 1.249e-275);
  EXPECT_LE(bounds[1], 1e-245);
  EXPECT_EQ(bounds[2], 0.0);
  EXPECT_GT(tail_bounds(model, {features.density, Vector::Ones(2)}, 2)[1], 0.0);
}

TEST(ContributionBounds, DoNotDependOnThreadsAndRefuseBadInput) {
  std::mt19937_64 random(2);
  const Autoencoder model = testing::random_model(40, 5, random);
  const Features features = testing::random_features(40, 0.2, random);
  const auto one = contribution_bounds(model, features, 6, 1);
  for (const int threads : {2, 5}) EXPECT_EQ(contribution_bounds(model, features, 6, threads), one);
  EXPECT_THROW(contribution_bounds(model, features, 41), std::invalid_argument);
  EXPECT_THROW(contribution_bounds(model, features, -1), std::invalid_argument);
  EXPECT_THROW(contribution_bounds(model, Features::uniform(3, 0.1), 2), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::approximation
