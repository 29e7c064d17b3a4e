#include "exact/law_atoms.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <numeric>
#include <random>

#include "measure/activity_oracle.h"
#include "skeleta/exact/hessian.h"
#include "skeleta/exact/loss.h"
#include "support.h"

namespace skeleta::exact {
namespace {

using testing::ActivityCase;
using testing::Long;

// D features of constant values, by the group law of the case.
DataLaw constants_of(const ActivityCase& test) {
  DataLaw law{testing::to_tree(test.groups), {}};
  for (Index j = 0; j < law.size(); ++j) {
    law.values.push_back(
        ValueLaw::constant(j % 3 == 2 ? -0.6 : 0.5 + 0.25 * static_cast<double>(j)));
  }
  return law;
}

Autoencoder model_of(Index features, bool jumps, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  Autoencoder model{Matrix(2, features), Vector(features)};
  for (double& w : model.W.reshaped()) w = 0.6 * normal(random);
  for (double& b : model.b) b = 0.3 * normal(random);
  if (!jumps) return model;
  model.activation = Activation::jumprelu;
  model.jump = Vector::LinSpaced(features, 0.1, 0.4);
  return model;
}

Long squared_error(const Autoencoder& model, const Vector& x) {
  const Vector z = model.W.transpose() * (model.W * x);
  Long sum = 0.0L;
  for (Index i = 0; i < x.size(); ++i) {
    const double jump = model.jump.size() > 0 ? model.jump(i) : 0.0, u = z(i) - model.b(i);
    const Long e = x(i) - (u > jump ? u : 0.0);
    sum += e * e;
  }
  return sum;
}

// All patterns, each with its x.
double loss_by_patterns(const Autoencoder& model, const DataLaw& law, const Vector& importance,
                        const std::vector<Long>& probability, Vector& by_count) {
  Long total = 0.0L;
  by_count.setZero(law.size() + 1);
  for (std::uint32_t s = 0; s < probability.size(); ++s) {
    Vector x = Vector::Zero(law.size());
    for (Index j = 0; j < law.size(); ++j) {
      if (s >> j & 1u) x(j) = law.values[static_cast<std::size_t>(j)].first();
    }
    const Vector z = model.W.transpose() * (model.W * x);
    for (Index i = 0; i < law.size(); ++i) {
      const double jump = model.jump.size() > 0 ? model.jump(i) : 0.0, u = z(i) - model.b(i);
      const double e = x(i) - (u > jump ? u : 0.0);
      const Long part = importance(i) * probability[s] * (static_cast<Long>(e) * e);
      total += part;
      by_count(std::popcount(s)) += static_cast<double>(part);
    }
  }
  return static_cast<double>(total);
}

TEST(AtomLaw, LossesAndSkeletonsAreSumsOverPatterns) {
  std::mt19937_64 random(17);
  for (const ActivityCase& test : testing::activity_cases()) {
    for (const bool jumps : {false, true}) {
      SCOPED_TRACE(fmt::format("{} {}", test.name, jumps));
      const DataLaw law = constants_of(test);
      const Autoencoder model = model_of(law.size(), jumps, random);
      const Vector importance = Vector::LinSpaced(law.size(), 1.0, 0.25);
      Vector by_count;
      const double right = loss_by_patterns(model, law, importance,
                                            testing::enumerate(test.groups, law.size()), by_count);
      const auto found = skeleton_loss(model, Features::of(law, importance));
      EXPECT_NEAR(found.value, right, found.error_bound);
      EXPECT_LE(found.error_bound, 1e-12 * right);
      EXPECT_EQ(found.stop_reason, StopReason::exact);
      for (const auto& skeleton : found.skeletons) {
        EXPECT_NEAR(skeleton.contribution, by_count(skeleton.l), 1e-13 * right);
      }
    }
  }
}

// A feature of other values that does nothing: with it the loss is a contour's, or with enough
// binary ones one by halves.
TEST(AtomLaw, AgreesWithTheContourBesideAFeatureThatDoesNothing) {
  std::mt19937_64 random(3);
  const Autoencoder small = model_of(5, false, random);
  Autoencoder large{Matrix::Zero(2, 6), Vector::Zero(6)};
  large.W.leftCols(5) = small.W;
  large.b.head(5) = small.b;
  Features few = Features::of(
      DataLaw::independent(Vector::Constant(5, 0.2), ValueLaw::constant(0.8)), Vector::Ones(5));
  DataLaw law = DataLaw::independent(Vector::Constant(6, 0.2), ValueLaw::constant(0.8));
  law.values[5] = ValueLaw::uniform(0.0, 1.0);
  Features many = Features::of(law, Vector::Zero(6));
  many.importance.head(5).setOnes();
  const Loss sum = loss(small, few), contour = loss(large, many);
  EXPECT_EQ(sum.nodes, 0);
  EXPECT_GT(contour.nodes, 0);
  EXPECT_LT(sum.error_bound, 1e-13 * (1.0 + sum.value));
  EXPECT_NEAR(contour.value, sum.value, contour.error_bound);
}

// A number of categories each, of which one or none is there: as many patterns as features, or the
// product of those of three groups. Every pattern has its x.
TEST(AtomLaw, CategoriesAreFewPatterns) {
  std::mt19937_64 random(29);
  constexpr int sizes[] = {9, 1, 30};  // an always full group, a feature by itself, a rare group
  std::vector<ActivityNodes> pieces;
  std::vector<std::vector<double>> chosen;  // P(the k-th of the group), P(none) at the end
  Index features = 0;
  for (const int size : sizes) {
    const double on = size == 9 ? 1.0 : 0.25;
    std::vector<ActivityNodes> members;
    std::vector<double> p;
    for (int k = 0; k < size; ++k) {
      const double share = size == 9 ? 1.0 / 9.0 : (1.0 + (k % 2)) / 64.0;
      members.push_back(activity::feature(features++, share));
      p.push_back(on * share);
    }
    p.push_back(1.0 - std::accumulate(p.begin(), p.end(), 0.0));
    if (size == 9) p.back() = 0.0;
    pieces.push_back(activity::exclusive(members, on));
    chosen.push_back(p);
  }
  DataLaw law{ActivityTree(activity::join(pieces)), {}};
  for (Index j = 0; j < features; ++j) {
    law.values.push_back(ValueLaw::constant(0.5 + 0.02 * static_cast<double>(j)));
  }
  for (const bool jumps : {false, true}) {
    const Autoencoder model = model_of(features, jumps, random);
    Long right = 0.0L;
    Vector by_count = Vector::Zero(4);
    for (std::size_t a = 0; a <= 9; ++a) {
      for (std::size_t b = 0; b <= 1; ++b) {
        for (std::size_t c = 0; c <= 30; ++c) {
          Vector x = Vector::Zero(features);
          const auto put = [&](std::size_t k, std::size_t size, std::size_t first) {
            if (k < size) x(static_cast<Index>(first + k)) = law.values[first + k].first();
            return k < size ? 1 : 0;
          };
          const int active = put(a, 9, 0) + put(b, 1, 9) + put(c, 30, 10);
          const Long p = static_cast<Long>(chosen[0][a]) * chosen[1][b] * chosen[2][c];
          const Long part = p * squared_error(model, x);
          right += part;
          by_count(active) += static_cast<double>(part);
        }
      }
    }
    const auto found = skeleton_loss(model, Features::of(law, Vector::Ones(features)));
    EXPECT_NEAR(found.value, static_cast<double>(right), found.error_bound);
    // 1 − Σ p is known to 1e-14, and some (x_i − x̂_i)² are a hundred times the loss.
    EXPECT_LE(found.error_bound, 3e-12 * found.value);
    for (const auto& skeleton : found.skeletons) {
      EXPECT_NEAR(skeleton.contribution, by_count(skeleton.l), 1e-13 * found.value);
    }
  }
}

// As many nodes as there may be, and one more.
TEST(AtomLaw, AppliesToSoManyPatternsAndNoMore) {
  const auto law = [](Index features, std::vector<ActivityNodes> more) {
    for (Index j = 0; j < features; ++j) more.push_back(activity::feature(j, 0.5));
    DataLaw result{ActivityTree(activity::join(more)), {}};
    result.values.assign(static_cast<std::size_t>(result.size()), ValueLaw::constant(1.0));
    return result;
  };
  EXPECT_TRUE(AtomLaw::applies(law(20, {})));
  EXPECT_FALSE(AtomLaw::applies(law(20, {activity::feature(20, 1e-300)})));
  EXPECT_TRUE(AtomLaw::applies(law(20, {activity::feature(20, 0.0)})));
  EXPECT_TRUE(AtomLaw::applies(law(
      18, {activity::feature(18, 1.0), activity::feature(19, 1.0), activity::feature(20, 1.0)})));
  EXPECT_FALSE(AtomLaw::applies(law(2000, {})));
  const auto beside_a_hundred = [&](Index features) {
    std::vector<Index> hundred(100);
    std::iota(hundred.begin(), hundred.end(), features);
    return law(features, {activity::together(hundred, 0.5)});
  };
  EXPECT_TRUE(AtomLaw::applies(beside_a_hundred(18)));
  EXPECT_FALSE(AtomLaw::applies(beside_a_hundred(19)));  // by the nodes of the hundred
  const DataLaw small = law(10, {activity::together(std::vector<Index>{10, 11, 12}, 0.5)});
  EXPECT_EQ(AtomLaw(small).nodes().size(), 4u + 2u * 1023u);
  EXPECT_EQ(AtomLaw(small).most_active(), 13);
}

TEST(AtomLaw, DerivativesAreSlopesOfTheSums) {
  std::mt19937_64 random(5);
  for (const ActivityCase& test : testing::activity_cases()) {
    SCOPED_TRACE(test.name);
    const DataLaw law = constants_of(test);
    const Autoencoder model = model_of(law.size(), false, random);
    const Features features = Features::of(law, Vector::LinSpaced(law.size(), 1.0, 0.25));
    const auto at = [&](Index k, double step) {
      Autoencoder moved = model;
      (k < model.W.size() ? moved.W.data()[k] : moved.b(k - model.W.size())) += step;
      return loss_and_gradient(moved, features);
    };
    const auto entries = [&](const LossAndGradient& found) {
      Vector all(model.W.size() + model.b.size());
      all << found.dW.reshaped(), found.db;
      return all;
    };
    const LossAndGradient here = loss_and_gradient(model, features);
    EXPECT_LE(here.loss.gradient_error, 1e-11);
    const Vector slopes = entries(here);
    const Hessian second = hessian(model, features);
    EXPECT_LE(second.error, 1e-9);
    for (Index k = 0; k < slopes.size(); ++k) {
      constexpr double h = 1e-6;  // no pattern changes its side so near
      const LossAndGradient up = at(k, h), down = at(k, -h);
      EXPECT_NEAR(slopes(k), (up.loss.value - down.loss.value) / (2.0 * h), 1e-8) << k;
      const Vector column = (entries(up) - entries(down)) / (2.0 * h);
      EXPECT_LE((second.matrix.col(k) - column).cwiseAbs().maxCoeff(), 1e-8) << k;
    }
  }
}

// 1 − Σ p of an exclusive group keeps its digits, products of rare groups below the normal numbers
// do not.
TEST(AtomLaw, BoundsKnowWhatProbabilitiesLose) {
  const Vector p{{0.1, 0.2, 0.7 - 1e-10}};
  std::vector<ActivityNodes> members;
  for (Index j = 0; j < 3; ++j) members.push_back(activity::feature(j, p(j)));
  const DataLaw rivals{ActivityTree(activity::exclusive(members)),
                       {ValueLaw::constant(1), ValueLaw::constant(1), ValueLaw::constant(1)}};
  Autoencoder model{Matrix::Identity(3, 3), Vector::Constant(3, -0.5)};
  model.W_out = Matrix::Constant(3, 3, -0.5) + Matrix::Identity(3, 3);
  const Loss found = loss(model, Features::of(rivals, Vector::Ones(3)));
  const Long none = ((1.0L - p(0)) - p(1)) - p(2);
  EXPECT_NEAR(found.value, static_cast<double>(0.75L * none), found.error_bound);
  EXPECT_LE(found.error_bound, 1e-9 * found.value);
  const double unit = std::ldexp(1.0, 300);
  const DataLaw rare{ActivityTree(activity::parent(0, 1e-300, {activity::feature(1, 1.3e-23)})),
                     {ValueLaw::constant(unit), ValueLaw::constant(unit)}};
  Autoencoder steep{Matrix::Identity(2, 2), Vector{{unit, 0.0}}};
  steep.W_out = Matrix{{2.0, 1.0}, {-1.0, 2.0}};
  Options options;
  options.refuse_unreachable = false;
  const Loss lost = loss(steep, Features::of(rare, Vector{{1.0, 0.0}}), options);
  EXPECT_GE(lost.error_bound, std::abs(lost.value - 5.4e-143));
}

// 0.3 + 0.6 is the threshold 0.9 but for its last digit: the loss is continuous there, its
// derivative is not, and no rounding tells on which side this is.
TEST(AtomLaw, AtAThresholdDerivativesAreKnownAsFarAsThePatternGoes) {
  const Vector p{{0.25, 0.5, 0.125}}, values{{0.3, 0.6, 0.2}};
  DataLaw law = DataLaw::independent(p, ValueLaw::constant(1));
  for (Index j = 0; j < 3; ++j) {
    law.values[static_cast<std::size_t>(j)] = ValueLaw::constant(values(j));
  }
  Autoencoder model{Matrix::Ones(1, 3), Vector{{0.9, 0.1, 0.1}}};
  const Features features = Features::of(law, Vector{{1.0, 0.0, 0.0}});
  const LossAndGradient found = loss_and_gradient(model, features);
  const double of_pattern = 2.0 * p(0) * p(1) * (1.0 - p(2)) * values(0);
  EXPECT_GE(found.loss.gradient_error, 0.99 * of_pattern);
  EXPECT_LE(found.loss.error_bound, 1e-14);
  EXPECT_TRUE(std::isinf(hessian(model, features).error));
  model.activation = Activation::jumprelu;
  model.jump = Vector{{0.5, 0.0, 0.0}};
  model.b(0) = 0.4;
  const double jumped = of_pattern / 2.0 * std::abs(2.0 * values(0) - 0.5) / values(0) * 0.5;
  EXPECT_GE(loss(model, features).error_bound, 0.99 * jumped);
}

}  // namespace
}  // namespace skeleta::exact
