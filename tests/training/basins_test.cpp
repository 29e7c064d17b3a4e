#include "skeleta/training/basins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "skeleta/exact/closed_loss.h"
#include "skeleta/optimize/flow.h"
#include "skeleta/sampling/normal_stream.h"
#include "skeleta/training/objectives.h"
#include "skeleta/training/parameters.h"
#include "support.h"

namespace skeleta::training {
namespace {

struct Found {
  std::vector<Basin> basins;
  std::vector<std::int64_t> ends;  // by start
};

Found find(const Features& features, Index hidden, const BasinOptions& options) {
  Basins basins(features);
  Found found;
  find_basins(features, hidden, options, basins, [&](std::uint64_t, std::int64_t basin) {
    found.ends.push_back(basin);
    return true;
  });
  found.basins = basins.all();
  return found;
}

Features pair(double density, double importance) {
  Features features = Features::uniform(2, density);
  features.importance(1) = importance;
  return features;
}

Vector start_of(std::uint64_t k, Index weights, Index features, double deviation) {
  sampling::PointStream random({.seed = 1, .purpose = sampling::Purpose::start}, k);
  sampling::NormalStream normal(random);
  Vector x = Vector::Zero(weights + features);
  for (double& w : x.head(weights)) w = deviation * normal();
  return x;
}

// Two equal features in one dimension, from small weights: w₁w₂ keeps its sign, and the ends are
// the antipodal pair, whose loss is the certified minimum .0033195 (MATH.md, data/README.md), and a
// local minimum.
TEST(Basins, OfTwoEqualFeaturesAreToldByTheSignOfTheStart) {
  const auto starts = static_cast<std::uint64_t>(testing::scaled(400, 60));
  const Found found = find(pair(0.1, 1.0), 1, {.starts = starts});
  ASSERT_EQ(found.basins.size(), 2);
  for (std::uint64_t k = 0; k < starts; ++k) {
    const Vector x = start_of(k, 2, 2, 0.1);
    ASSERT_GE(found.ends[k], 0);
    const Autoencoder& end = found.basins[static_cast<std::size_t>(found.ends[k])].model;
    EXPECT_EQ(end.W(0) * end.W(1) < 0.0, x(0) * x(1) < 0.0) << k;
  }
  for (const Basin& basin : found.basins) {
    if (basin.model.W(0) * basin.model.W(1) < 0.0) {
      EXPECT_NEAR(basin.value, 0.0033195, 1e-7);
    }
    EXPECT_GT(basin.count, starts / 3);
  }
}

// The loss and the penalty are linear in the importances, and a unit changes no path.
TEST(Basins, KnowNoUnitOfImportance) {
  for (const Dynamics dynamics : {Dynamics::flow, Dynamics::descent}) {
    BasinOptions options{.dynamics = dynamics, .penalty = {.interference = 0.01}, .starts = 20};
    const Found one = find(pair(0.1, 0.5), 1, options);
    ASSERT_GE(one.basins.size(), 2);
    const int most = dynamics == Dynamics::flow ? 900 : 20;
    for (const int exponent : {-most, most}) {
      const double unit = std::ldexp(1.0, exponent);
      Features features = pair(0.1, 0.5);
      features.importance *= unit;
      BasinOptions scaled = options;
      scaled.penalty.interference *= unit;
      if (dynamics == Dynamics::descent) scaled.learning_rate /= unit;
      const Found other = find(features, 1, scaled);
      EXPECT_EQ(other.ends, one.ends) << unit;
      ASSERT_EQ(other.basins.size(), one.basins.size()) << unit;
      for (std::size_t k = 0; k < one.basins.size(); ++k) {
        EXPECT_EQ(other.basins[k].model.W, one.basins[k].model.W) << unit;
        EXPECT_EQ(other.basins[k].value, one.basins[k].value * unit) << unit;
      }
    }
  }
}

// Flows that come from w₁w₂ > 0 rest where w₂ = 0 and second derivatives jump: beyond, the loss
// falls on. Hardly any gets there, and none by an error.
TEST(Basins, KeepTheirSideOfAKink) {
  const auto starts = static_cast<std::uint64_t>(testing::scaled(300, 40));
  for (const Dynamics dynamics : {Dynamics::flow, Dynamics::descent}) {
    const Found found = find(pair(0.1, 0.3), 1, {.dynamics = dynamics, .starts = starts});
    ASSERT_EQ(found.basins.size(), 2);
    std::uint64_t crossed = 0;
    for (std::uint64_t k = 0; k < starts; ++k) {
      const Vector x = start_of(k, 2, 2, 0.1);
      ASSERT_GE(found.ends[k], 0);
      const double value = found.basins[static_cast<std::size_t>(found.ends[k])].value;
      const bool antipodal = std::abs(value - 0.00214356516) < 1e-8;
      EXPECT_TRUE(antipodal || std::abs(value - 0.00925) < 1e-8) << value;
      crossed += antipodal != (x(0) * x(1) < 0.0);
    }
    EXPECT_LE(crossed, starts / 100 + 1);
  }
}

// Every end is that of the explicit method, which takes the flow to where it rests.
TEST(Basins, AreWhereTheFlowEnds) {
  const Features features = pair(0.2, 0.8);
  const BasinOptions options{.deviation = 0.4,
                             .penalty = {.interference = 0.005},
                             .starts = static_cast<std::uint64_t>(testing::scaled(60, 12))};
  const Found found = find(features, 1, options);
  EXPECT_GE(found.basins.size(), 2);
  Autoencoder model{Matrix::Zero(1, 2), Vector::Zero(2)};
  SparseObjective loss = SparseObjective::k_sparse(features, 1, 2);
  const auto f = [&](const Vector& x, Vector& gradient) {
    const double value = loss(x, gradient);
    from_parameters(x, model);
    return value + add_penalty(options.penalty, model, gradient);
  };
  for (std::uint64_t k = 0; k < options.starts; ++k) {
    Vector x = start_of(k, 2, 2, 0.4);
    optimize::gradient_flow(f, x, {0.0, 3000.0}, {.absolute_tolerance = 1e-9});
    Vector gradient(4);
    const double value = f(x, gradient);
    ASSERT_GE(found.ends[k], 0);
    EXPECT_NEAR(found.basins[static_cast<std::size_t>(found.ends[k])].value, value, 1e-6) << k;
  }
}

// Likewise of three features, by their closed forms.
TEST(Basins, OfThreeFeaturesAreWhereTheFlowEnds) {
  Features features = Features::uniform(3, 0.2);
  features.importance << 1.0, 0.9, 0.8;
  const BasinOptions options{.deviation = 0.3,
                             .starts = static_cast<std::uint64_t>(testing::scaled(12, 4))};
  const Found found = find(features, 1, options);
  EXPECT_GE(found.basins.size(), 2);
  exact::ClosedLoss loss(features);
  const auto f = [&](const Vector& x, Vector& gradient) { return loss(x, gradient); };
  for (std::uint64_t k = 0; k < options.starts; ++k) {
    Vector x = start_of(k, 3, 3, 0.3);
    optimize::gradient_flow(f, x, {0.0, 3000.0}, {.absolute_tolerance = 1e-9});
    Vector gradient(6);
    const double value = f(x, gradient);
    ASSERT_GE(found.ends[k], 0);
    EXPECT_NEAR(found.basins[static_cast<std::size_t>(found.ends[k])].value, value, 1e-6) << k;
  }
}

TEST(Basins, OfSmallStepsAreThoseOfTheFlow) {
  BasinOptions options{.deviation = 0.3, .starts = 24};
  const Found flow = find(pair(0.2, 0.9), 1, options);
  options.dynamics = Dynamics::descent;
  options.learning_rate = 0.02;
  EXPECT_EQ(find(pair(0.2, 0.9), 1, options).ends, flow.ends);
}

// The pentagon, from most starts, and a local minimum (losses of data/README.md).
TEST(Basins, OfFiveFeaturesAreThePentagonsAndOthers) {
  const Found found = find(Features::uniform(5, 0.05), 2, {.deviation = 0.3, .starts = 8});
  double least = INFINITY;
  for (const Basin& basin : found.basins) least = std::min(least, basin.value);
  EXPECT_NEAR(least, 0.008903593724, 1e-9);
}

TEST(Basins, HaveTheSameBitsForAnyThreadsAndParts) {
  BasinOptions options{.deviation = 0.3, .starts = 30, .threads = 1};
  const Features features = pair(0.3, 0.9);
  const Found whole = find(features, 1, options);
  options.threads = 3;
  const Found threads = find(features, 1, options);
  EXPECT_EQ(threads.ends, whole.ends);
  Basins basins(features);
  std::vector<std::int64_t> ends;
  const auto take = [&](std::uint64_t k, std::int64_t basin) {
    EXPECT_EQ(k, ends.size());
    ends.push_back(basin);
    return true;
  };
  options.starts = 13;
  EXPECT_EQ(find_basins(features, 1, options, basins, take), 13);
  options.first = 13;
  options.starts = 17;
  EXPECT_EQ(find_basins(features, 1, options, basins, take), 17);
  EXPECT_EQ(ends, whole.ends);
  ASSERT_EQ(basins.all().size(), whole.basins.size());
  for (std::size_t n = 0; n < whole.basins.size(); ++n) {
    EXPECT_EQ(basins.all()[n].value, whole.basins[n].value);
    EXPECT_EQ(threads.basins[n].model.W, whole.basins[n].model.W);
    EXPECT_EQ(basins.all()[n].count, whole.basins[n].count);
  }
}

// Relabelled ends are one minimum if features are alike, and two if they are not.
TEST(Basins, TellFeaturesApartThatAreNotAlike) {
  const Autoencoder first{Matrix{{1.0, 0.0}}, Vector{{0.0, -0.05}}};
  const Autoencoder second{Matrix{{0.0, -1.0}}, Vector{{-0.05, 0.0}}};
  Basins alike(pair(0.1, 1.0)), different(pair(0.1, 0.9));
  EXPECT_EQ(alike.add(0, first, 0.03), 0);
  EXPECT_EQ(alike.add(1, second, 0.03), 0);
  EXPECT_EQ(different.add(0, first, 0.03), 0);
  EXPECT_EQ(different.add(1, second, 0.03), 1);
  EXPECT_EQ(different.add(2, first, 0.04), 2);
  // What is left of weights that vanish has no shape.
  const Autoencoder tiny{Matrix{{1e-11, 3e-12}}, Vector::Zero(2)};
  const Autoencoder other{Matrix{{1e-12, -5e-11}}, Vector::Zero(2)};
  EXPECT_EQ(different.add(3, tiny, 0.06), 3);
  EXPECT_EQ(different.add(4, other, 0.06), 3);
}

// Clopper & Pearson: of none in ten 1 − .025^{1/10}; three in ten as in their tables.
TEST(Basins, HaveExactIntervals) {
  EXPECT_EQ(probability_interval(0, 10).lower, 0.0);
  EXPECT_NEAR(probability_interval(0, 10).upper, 1.0 - std::pow(0.025, 0.1), 1e-12);
  EXPECT_NEAR(probability_interval(3, 10).lower, 0.0667, 1e-4);
  EXPECT_NEAR(probability_interval(3, 10).upper, 0.6525, 1e-4);
  EXPECT_EQ(probability_interval(10, 10).upper, 1.0);
}

TEST(Basins, RefuseWhatMakesNoSense) {
  const Features features = pair(0.1, 1.0);
  EXPECT_THROW(find(features, 0, {}), std::invalid_argument);
  EXPECT_THROW(find(features, 1, {.deviation = 0.0}), std::invalid_argument);
  EXPECT_THROW(find(features, 1, {.penalty = {.interference = -1.0}}), std::invalid_argument);
  EXPECT_THROW(find(features, 1, {.learning_rate = NAN}), std::invalid_argument);
  EXPECT_THROW(find(features, 1, {.gradient_tolerance = 1.0}), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::training
