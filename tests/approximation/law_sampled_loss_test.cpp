#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <numbers>

#include "approximation/law_tail.h"
#include "approximation/low_parts.h"
#include "measure/activity_oracle.h"
#include "skeleta/approximation/sampled_loss.h"
#include "skeleta/exact/loss.h"
#include "support.h"

namespace skeleta::approximation {
namespace {

using estimate::Method;
using estimate::Precision;
using testing::ActivityCase;

constexpr Method all_methods[] = {Method::plain, Method::stratified, Method::quasi,
                                  Method::importance, Method::automatic};

double normal_density(double t) {
  return std::exp(-t * t / 2) / std::sqrt(2 * std::numbers::pi);
}
double normal_probability(double t) {
  return std::erfc(-t / std::numbers::sqrt2) / 2;
}

// With normal values every pre-activation is normal while a pattern of features is active, noise or
// not: E (x_i − act(z_i))² in closed form.
double error_on_pattern(const Autoencoder& model, const DataLaw& law, Index i,
                        std::uint32_t pattern) {
  const Vector row = model.tied() ? Vector(model.W.col(i)) : Vector(model.W_out.row(i));
  const Vector g = (row.transpose() * model.W).transpose();
  double mean = -model.b(i), variance = std::pow(model.noise * row.norm(), 2);
  for (Index j = 0; j < law.size(); ++j) {
    if (!((pattern >> j) & 1u)) continue;
    const ValueLaw& value = law.values[static_cast<std::size_t>(j)];
    mean += g(j) * value.first();
    variance += std::pow(g(j) * value.second(), 2);
  }
  const bool on = (pattern >> i) & 1u;
  const ValueLaw& own = law.values[static_cast<std::size_t>(i)];
  const double m = on ? own.first() : 0.0, s2 = on ? own.second() * own.second() : 0.0;
  double y = mean, square = mean * mean + variance;  // E y, E y² = E yz
  if (model.activation != Activation::identity) {
    const double jump = model.jump.size() > 0 ? model.jump(i) : 0.0,
                 deviation = std::sqrt(variance);
    if (deviation == 0.0) {
      y = mean > jump ? mean : 0.0;
      square = y * y;
    } else {
      const double t = (mean - jump) / deviation;
      y = mean * normal_probability(t) + deviation * normal_density(t);
      square = (mean * mean + variance) * normal_probability(t) +
               deviation * (mean + jump) * normal_density(t);
    }
  }
  const double slope = variance > 0.0 ? (on ? g(i) * s2 : 0.0) / variance : 0.0;
  const double product = m * y + slope * (square - mean * y);
  return m * m + s2 - 2 * product + square;
}

// The loss by skeleton: all patterns.
std::vector<double> enumerated(const Autoencoder& model, const DataLaw& law,
                               const Vector& importance, const ActivityCase& test) {
  const auto patterns = testing::enumerate(test.groups, law.size());
  std::vector<double> parts(static_cast<std::size_t>(law.size()) + 1, 0.0);
  for (std::uint32_t pattern = 0; pattern < patterns.size(); ++pattern) {
    for (Index i = 0; i < law.size(); ++i) {
      parts[static_cast<std::size_t>(std::popcount(pattern))] +=
          static_cast<double>(patterns[pattern]) * importance(i) *
          error_on_pattern(model, law, i, pattern);
    }
  }
  return parts;
}

struct ModelCase {
  bool tied;
  Activation activation;
  double noise;
};

std::vector<ModelCase> model_cases() {
  std::vector<ModelCase> all;
  for (const bool tied : {true, false}) {
    for (const Activation a : {Activation::relu, Activation::identity, Activation::jumprelu}) {
      for (const double noise : {0.0, 0.4}) all.push_back({tied, a, noise});
    }
  }
  return all;
}

Autoencoder make(const ModelCase& kind, Index features, Index hidden, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  Autoencoder model{Matrix(hidden, features), Vector(features)};
  for (double& w : model.W.reshaped()) w = 0.6 * normal(random);
  for (double& b : model.b) b = 0.3 * normal(random);
  if (!kind.tied) {
    model.W_out.resize(features, hidden);
    for (double& w : model.W_out.reshaped()) w = 0.6 * normal(random);
  }
  model.activation = kind.activation;
  if (kind.activation == Activation::jumprelu) model.jump = Vector::LinSpaced(features, 0.0, 0.7);
  model.noise = kind.noise;
  return model;
}

DataLaw normal_law(const ActivityCase& test) {
  DataLaw law{testing::to_tree(test.groups), {}};
  for (Index j = 0; j < law.size(); ++j) {
    law.values.push_back(
        ValueLaw::normal(0.3 * static_cast<double>(j % 3), 0.5 + 0.2 * static_cast<double>(j % 2)));
  }
  return law;
}

// Rule: |z| < 5 (quasi, Student's t with 15 degrees of freedom: 8) beyond error_bound and 1e-4 of
// the loss, which features of density 1e-5 may carry; standard errors below 5 %.
TEST(LawSampledLoss, AgreesWithEnumerationForEveryGroupAndModelByEachMethod) {
  std::mt19937_64 random(1);
  std::size_t next = 0;
  for (const ActivityCase& test : testing::activity_cases()) {
    const DataLaw law = normal_law(test);
    const Features features = Features::of(law, Vector::LinSpaced(law.size(), 0.5, 1.5));
    for (const ModelCase& kind : model_cases()) {
      const Autoencoder model = make(kind, law.size(), 2, random);
      const std::vector<double> parts = enumerated(model, law, features.importance, test);
      double expected = 0.0;
      for (const double part : parts) expected += part;
      for (std::size_t turn = 0; turn < 2; ++turn) {  // all methods, in turn
        estimate::Options options;
        options.method = all_methods[next++ % std::size(all_methods)];
        options.samples = 20'000;
        options.threads = 1;
        options.seed = next;
        const Precision precision = next % 3 == 0 ? Precision::float32 : Precision::float64;
        const SampledLoss result = sampled_loss(model, features, options, precision);
        const IntegralBySkeleton& loss = result.loss;
        const std::string name =
            test.name + (kind.tied ? ", tied " : ", untied ") + to_string(kind.activation) +
            ", noise " + std::to_string(kind.noise) + ", " + estimate::to_string(options.method);
        const double limit = result.method == Method::quasi ? 8.0 : 5.0;
        const double slack = 1e-4 * expected + loss.error_bound;
        EXPECT_NEAR(loss.value, expected, limit * loss.standard_error + slack) << name;
        EXPECT_LT(loss.standard_error, 0.05 * expected) << name;
        EXPECT_LT(loss.error_bound, 0.05 * expected) << name;
        for (const SkeletonPart& part : loss.skeletons) {
          if (part.samples > 0) continue;  // closed forms
          EXPECT_NEAR(part.contribution, parts[static_cast<std::size_t>(part.l)], 1e-11 * expected)
              << name << ", Q_" << part.l;
        }
      }
    }
  }
}

// The identity needs no samples, whatever the method but plain: a sum of second moments.
TEST(LawSampledLoss, OfTheIdentityIsAClosedForm) {
  std::mt19937_64 random(7);
  for (const ActivityCase& test : testing::activity_cases()) {
    const DataLaw law = normal_law(test);
    const Features features = Features::of(law, Vector::LinSpaced(law.size(), 0.5, 1.5));
    for (const double noise : {0.0, 0.4}) {
      const Autoencoder model = make({false, Activation::identity, noise}, law.size(), 2, random);
      const std::vector<double> parts = enumerated(model, law, features.importance, test);
      double expected = 0.0;
      for (const double part : parts) expected += part;
      for (const Method method : {Method::stratified, Method::quasi, Method::automatic}) {
        estimate::Options options;
        options.method = method;
        const IntegralBySkeleton loss = sampled_loss(model, features, options).loss;
        EXPECT_EQ(loss.stop_reason, StopReason::exact);
        EXPECT_EQ(loss.samples, 0u);
        EXPECT_EQ(loss.standard_error, 0.0);
        EXPECT_NEAR(loss.value, expected, loss.error_bound) << test.name;
        EXPECT_LT(loss.error_bound, 1e-9 * expected) << test.name;
      }
    }
  }
}

// A feature that no sample shows, on its own and with others, carries much of the loss. Rule: |z| <
// 5 for each seed; what was missed makes most of the standard error.
TEST(LawSampledLoss, CountsRareSupportsAsAPartOfTheError) {
  std::mt19937_64 random(8);
  DataLaw law{ActivityTree::independent(Vector{{0.3, 0.3, 0.3, 1e-6}}),
              std::vector<ValueLaw>(4, ValueLaw::normal(0.2, 1.0))};
  law.values[3] = ValueLaw::normal(300.0, 30.0);
  const Features features = Features::of(law, Vector::Ones(4));
  const Autoencoder model = make({true, Activation::relu, 0.0}, 4, 2, random);
  const double expected = exact::loss(model, features).value;
  for (const Method method : {Method::plain, Method::stratified, Method::quasi}) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      estimate::Options options;
      options.method = method;
      options.samples = 20'000;
      options.seed = seed;
      const IntegralBySkeleton loss = sampled_loss(model, features, options).loss;
      EXPECT_NEAR(loss.value, expected, 5.0 * loss.standard_error)
          << estimate::to_string(method) << " " << seed;
      EXPECT_LT(loss.standard_error, expected);
    }
  }
}

// Twenty points of an exponential law tell little of its tail.
TEST(LawSampledLoss, CountsTheTailsOfFewPointsAsAPartOfTheError) {
  const Features features = Features::of(
      DataLaw::independent(Vector{{0.001}}, ValueLaw::exponential(0.670424)), Vector::Ones(1));
  const Autoencoder model{Matrix{{0.354815}}, Vector{{-0.335968}}};
  const double expected = exact::loss(model, features).value;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    estimate::Options options;
    options.method = Method::plain;
    options.samples = 20'000;
    options.seed = seed;
    const IntegralBySkeleton loss = sampled_loss(model, features, options).loss;
    EXPECT_NEAR(loss.value, expected, 5.0 * loss.standard_error) << seed;
  }
}

// Every bound is above what it bounds, and not absurdly so.
TEST(LawTail, BoundsWhatIsOutside) {
  std::mt19937_64 random(2);
  double loosest = 0.0;
  for (const ActivityCase& test : testing::activity_cases()) {
    const DataLaw law = normal_law(test);
    const Features features = Features::of(law, Vector::LinSpaced(law.size(), 0.5, 1.5));
    for (const ModelCase& kind : model_cases()) {
      const Autoencoder model = make(kind, law.size(), 2, random);
      const LawTail tail(model, features);
      const std::vector<double> parts = enumerated(model, law, features.importance, test);
      double below = 0.0, all = 0.0;
      for (const double part : parts) all += part;
      for (Index l = 0; l <= law.size(); ++l) {
        const double above = all - below - parts[static_cast<std::size_t>(l)];
        EXPECT_GE(tail.below(l), below * (1 - 1e-12)) << test.name;
        EXPECT_GE(tail.above(l), above - 1e-12 * all) << test.name;
        if (above > 1e-6 * all) loosest = std::max(loosest, tail.above(l) / above);
        below += parts[static_cast<std::size_t>(l)];
      }
    }
  }
  EXPECT_LT(loosest, 200.0);
}

// The closed forms of one feature for every value law, against quadrature of its density.
TEST(LowParts, ErrorsOfOneFeatureAreThoseOfTheDefinition) {
  std::mt19937_64 random(3);
  const ValueLaw values[] = {ValueLaw::uniform(0, 1),    ValueLaw::uniform(-1, 2),
                             ValueLaw::constant(0.8),    ValueLaw::exponential(0.7),
                             ValueLaw::half_normal(1.5), ValueLaw::normal(0.2, 0.6)};
  for (const ModelCase& kind : model_cases()) {
    if (kind.noise > 0.0) continue;
    const Autoencoder model = make(kind, 3, 2, random);
    for (const ValueLaw& value : values) {
      for (const double g : {-1.3, 0.0, 0.9}) {
        for (Index i = 0; i < 3; ++i) {
          for (const bool own : {true, false}) {
            const auto error = [&](double u) {
              const double z = g * u - model.b(i);
              const double y = kind.activation == Activation::identity ? z
                               : kind.activation == Activation::relu
                                   ? std::max(z, 0.0)
                                   : (z > model.jump(i) ? z : 0.0);
              const double difference = (own ? u : 0.0) - y;
              return difference * difference;
            };
            double expected = 0.0;
            constexpr int points = 40'000;  // quantiles: the law by definition of a value
            for (int k = 0; k < points; ++k) {
              expected += error(value.quantile((k + 0.5) / points)) / points;
            }
            EXPECT_NEAR(error_of_one(model, i, value, g, own), expected, 2e-3 * (1.0 + expected))
                << to_string(kind.activation) << " g = " << g << " own " << own << " kind "
                << static_cast<int>(value.kind());
          }
        }
      }
    }
  }
}

// Groups of all kinds side by side.
DataLaw grouped(Index count) {
  std::vector<ActivityNodes> pieces;
  std::vector<ValueLaw> values;
  for (Index j = 0; j + 4 <= count; j += 4) {
    const double p = 0.02 + 0.03 * static_cast<double>(j % 3);
    const Index pair[] = {j, j + 1};
    switch ((j / 4) % 3) {
      case 0:
        pieces.push_back(activity::together(pair, p));
        pieces.push_back(activity::feature(j + 2, p));
        pieces.push_back(activity::feature(j + 3, 2 * p));
        break;
      case 1:
        pieces.push_back(
            activity::exclusive({activity::together(pair, p), activity::feature(j + 2, p),
                                 activity::feature(j + 3, p)}));
        break;
      default:
        pieces.push_back(
            activity::parent(j, 2 * p,
                             {activity::feature(j + 1, 0.5), activity::feature(j + 2, 0.9),
                              activity::feature(j + 3, 0.1)}));
    }
  }
  for (Index j = 0; j < count; ++j) {
    values.push_back(j % 2 == 0 ? ValueLaw() : ValueLaw::half_normal(0.6));
  }
  return {ActivityTree(activity::join(pieces)), values};
}

// Rule as above; standard errors 1 %.
TEST(LawSampledLoss, AgreesWithTheExactLossOfGroupsAtTwentyAndEightyFeatures) {
  std::mt19937_64 random(4);
  for (const Index count : {20, 80}) {
    const DataLaw law = grouped(count);
    const Features features = Features::of(law, Vector::Ones(count));
    const Autoencoder model = testing::random_model(count, count / 4, random);
    exact::Options precise;
    precise.relative_target = 1e-5;
    const exact::Loss expected = exact::loss(model, features, precise);
    for (const Method method : all_methods) {
      estimate::Options options;
      options.method = method;
      options.relative_tolerance = method == Method::plain ? 0.01 : 0.003;
      const SampledLoss result = sampled_loss(model, features, options);
      const IntegralBySkeleton& loss = result.loss;
      const double limit = result.method == Method::quasi ? 8.0 : 5.0;
      EXPECT_NEAR(loss.value, expected.value,
                  limit * loss.standard_error + loss.error_bound + expected.error_bound)
          << count << " " << estimate::to_string(method);
      EXPECT_EQ(loss.stop_reason, StopReason::precision) << estimate::to_string(method);
      EXPECT_LE(loss.standard_error, 0.0101 * loss.value);
      EXPECT_GE(result.one_sparse.rest_bound, result.one_sparse.rest);
      EXPECT_GE(result.one_sparse.union_bound, result.one_sparse.probability_of_rest);
    }
  }
}

// Intervals of 95 % for groups. Rule: at least 93 % less three standard deviations of the count.
TEST(LawSampledLoss, IntervalsCoverAsOftenAsTheySayForGroups) {
  std::mt19937_64 random(5);
  const DataLaw law = grouped(20);
  const Features features = Features::of(law, Vector::Ones(20));
  const Autoencoder model = testing::random_model(20, 5, random);
  exact::Options precise;
  precise.relative_target = 1e-5;
  const double expected = exact::loss(model, features, precise).value;
  for (const Method method : {Method::plain, Method::stratified, Method::importance}) {
    const int runs = testing::scaled(400, 100);
    int covered = 0;
    for (int k = 0; k < runs; ++k) {
      estimate::Options options;
      options.method = method;
      options.samples = 4000;
      options.threads = 1;
      options.seed = static_cast<std::uint64_t>(1000 + k);
      const IntegralBySkeleton loss = sampled_loss(model, features, options).loss;
      covered += loss.low <= expected && expected <= loss.high;
    }
    EXPECT_GE(covered, (0.93 - 3 * std::sqrt(0.93 * 0.07 / runs)) * runs)
        << estimate::to_string(method);
  }
}

// A plain law that is written as a tree is plain: the same bits.
TEST(LawSampledLoss, ThePlainLawTakesThePlainPath) {
  std::mt19937_64 random(6);
  const Autoencoder model = testing::random_model(12, 3, random);
  const Features plain = testing::random_features(12, 0.3, random);
  const Features same = Features::of(DataLaw::independent(plain.density), plain.importance);
  estimate::Options options;
  options.samples = 3000;
  EXPECT_EQ(sampled_loss(model, plain, options).loss.value,
            sampled_loss(model, same, options).loss.value);
}

}  // namespace
}  // namespace skeleta::approximation
