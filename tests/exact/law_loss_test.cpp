#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <numbers>
#include <random>

#include "measure/activity_oracle.h"
#include "measure/quadrature.h"
#include "skeleta/exact/loss.h"
#include "support.h"

namespace skeleta::exact {
namespace {

using testing::ActivityCase;
using testing::Long;

Autoencoder dense_model(Index features, Index hidden, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  Autoencoder model{Matrix(hidden, features), Vector(features)};
  for (double& w : model.W.reshaped()) w = 0.6 * normal(random);
  for (double& b : model.b) b = 0.3 * normal(random);
  return model;
}

Loss loss_of(const Autoencoder& model, const DataLaw& law, const Vector& importance,
             const Options& options = {}) {
  return loss(model, Features::of(law, importance), options);
}

Options to(double relative_target, Index maximum_nodes = Index{1} << 18) {
  Options options;
  options.relative_target = relative_target;
  options.maximum_nodes = maximum_nodes;
  return options;
}

// E(z − c)₊² and E x_i(z − c)₊ while the features of a pattern are active, by some closed form.
struct Ramps {
  Long square = 0.0L, own = 0.0L;
};
using RampsOf = std::function<Ramps(const Vector& g, double c, std::uint32_t pattern, Index own)>;

// By definition: all patterns.
double loss_by_enumeration(const Autoencoder& model, const DataLaw& law, const Vector& importance,
                           const std::vector<Long>& patterns, const RampsOf& ramps) {
  Long total = 0.0L;
  for (Index i = 0; i < law.size(); ++i) {
    const Vector g = gram_columns(model, i, 1);
    for (std::uint32_t pattern = 0; pattern < patterns.size(); ++pattern) {
      if (patterns[pattern] == 0.0L) continue;
      const Ramps r = ramps(g, model.b(i), pattern, i);
      const bool on = (pattern >> i) & 1u;
      const Long square = on ? law.values[static_cast<std::size_t>(i)].moment(2) : 0.0;
      total += importance(i) * patterns[pattern] * (square - 2.0L * (on ? r.own : 0.0L) + r.square);
    }
  }
  return static_cast<double>(total);
}

// E(Σ a_j t_j − c)₊ⁿ over the unit cube: n!/((n+l)! Π a) Σ_v (−1)^{l−|v|} (a·v − c)₊^{n+l}.
Long cube_moment(const std::vector<Long>& a, Long c, int n) {
  const auto l = static_cast<int>(a.size());
  Long sum = 0.0L, product = 1.0L;
  for (std::uint32_t v = 0; v < (1u << l); ++v) {
    Long u = -c;
    for (int j = 0; j < l; ++j) u += (v >> j) & 1u ? a[static_cast<std::size_t>(j)] : 0.0L;
    if (u <= 0.0L) continue;
    sum += ((l - std::popcount(v)) % 2 == 0 ? 1.0L : -1.0L) * std::pow(u, n + l);
  }
  for (const Long x : a) product *= x;
  for (int k = 1; k <= l; ++k) product *= n + k;
  return sum / product;
}

Ramps uniform_ramps(const DataLaw& law, const Vector& g, double c, std::uint32_t pattern,
                    Index own) {
  std::vector<Long> a, others;
  Long threshold = c, own_slope = 0.0L;
  for (Index j = 0; j < law.size(); ++j) {
    if (!((pattern >> j) & 1u)) continue;
    const ValueLaw& value = law.values[static_cast<std::size_t>(j)];
    const Long slope =
        static_cast<Long>(g(j)) * (static_cast<Long>(value.second()) - value.first());
    threshold -= static_cast<Long>(g(j)) * value.first();
    a.push_back(slope);
    if (j == own) own_slope = slope;
    if (j != own) others.push_back(slope);
  }
  Ramps result{cube_moment(a, threshold, 2), 0.0L};
  if ((pattern >> own) & 1u) {
    // By parts in t_i: E t_i(z − c)₊ = [E(a_i + z' − c)₊² − E(z − c)₊²]/(2a_i).
    const ValueLaw& value = law.values[static_cast<std::size_t>(own)];
    const Long weighted =
        (cube_moment(others, threshold - own_slope, 2) - result.square) / (2.0L * own_slope);
    result.own = value.first() * cube_moment(a, threshold, 1) +
                 (static_cast<Long>(value.second()) - value.first()) * weighted;
  }
  return result;
}

// z is normal; Stein: E x_i(z − c)₊ = μ_i E(z − c)₊ + cov(x_i, z) P(z > c).
Ramps normal_ramps(const DataLaw& law, const Vector& g, double c, std::uint32_t pattern,
                   Index own) {
  double mean = 0.0, variance = 0.0;
  for (Index j = 0; j < law.size(); ++j) {
    if (!((pattern >> j) & 1u)) continue;
    const ValueLaw& value = law.values[static_cast<std::size_t>(j)];
    mean += g(j) * value.first();
    variance += g(j) * g(j) * value.second() * value.second();
  }
  const ValueLaw z = ValueLaw::normal(mean, std::sqrt(variance));
  const ValueLaw& value = law.values[static_cast<std::size_t>(own)];
  return {z.excess(2, c), value.first() * z.excess(1, c) +
                              g(own) * value.second() * value.second() * z.excess(0, c)};
}

Ramps constant_ramps(const DataLaw& law, const Vector& g, double c, std::uint32_t pattern,
                     Index own) {
  double z = -c;
  for (Index j = 0; j < law.size(); ++j) {
    if ((pattern >> j) & 1u) z += g(j) * law.values[static_cast<std::size_t>(j)].first();
  }
  const double ramp = std::max(z, 0.0);
  return {ramp * ramp, law.values[static_cast<std::size_t>(own)].first() * ramp};
}

using Formula = Ramps (*)(const DataLaw&, const Vector&, double, std::uint32_t, Index);

void expect_enumerated(const ActivityCase& test, const std::vector<ValueLaw>& values,
                       Formula formula, std::mt19937_64& random) {
  DataLaw law{testing::to_tree(test.groups), {}};
  for (Index j = 0; j < law.size(); ++j)
    law.values.push_back(values[static_cast<std::size_t>(j) % values.size()]);
  const Autoencoder model = dense_model(law.size(), 2, random);
  const Vector importance = Vector::LinSpaced(law.size(), 0.5, 1.5);
  const auto patterns = testing::enumerate(test.groups, law.size());
  const double expected =
      loss_by_enumeration(model, law, importance, patterns,
                          [&](const Vector& g, double c, std::uint32_t pattern, Index own) {
                            return formula(law, g, c, pattern, own);
                          });
  const Loss found = loss_of(model, law, importance, to(1e-8));
  EXPECT_EQ(found.stop_reason, StopReason::exact)
      << test.name << " " << found.error_bound / found.value;
  EXPECT_LE(found.error_bound, 1e-8 * found.value) << test.name;
  EXPECT_NEAR(found.value, expected, found.error_bound + 1e-14 * expected) << test.name;
}

TEST(LawLoss, UniformValuesInEveryGroupMatchEnumeration) {
  std::mt19937_64 random(1);
  for (const ActivityCase& test : testing::activity_cases()) {
    if (testing::count_features(test) > 6) continue;
    expect_enumerated(
        test, {ValueLaw::uniform(-1, 1), ValueLaw::uniform(0.2, 2), ValueLaw::uniform(-0.5, 1)},
        uniform_ramps, random);
  }
}

TEST(LawLoss, NormalValuesInEveryGroupMatchEnumeration) {
  std::mt19937_64 random(2);
  for (const ActivityCase& test : testing::activity_cases()) {
    expect_enumerated(
        test, {ValueLaw::normal(0, 1), ValueLaw::normal(1, 0.5), ValueLaw::normal(-0.3, 0.2)},
        normal_ramps, random);
  }
}

// Two features: over the first by quadrature, over the second in closed form.
TEST(LawLoss, OneSidedValuesMatchQuadrature) {
  std::mt19937_64 random(3);
  for (const ValueLaw& value : {ValueLaw::half_normal(1.3), ValueLaw::exponential(0.8)}) {
    const DataLaw law{ActivityTree(activity::parent(0, 0.3, {activity::feature(1, 0.6)})),
                      {value, value}};
    const Autoencoder model = dense_model(2, 2, random);
    const testing::Density d = testing::density_of(value);
    Long expected = 0.0L;
    for (Index i = 0; i < 2; ++i) {
      const Vector g = gram_columns(model, i, 1);
      const double c = model.b(i);
      const auto error = [&](double x, double own, double slope) {  // other active, or not
        const double rest = c - own * x, ramp = std::max(-rest, 0.0);
        return slope == 0.0 ? (x - ramp) * (x - ramp)
                            : x * x - 2.0 * x * value.ramp_moment(0, 1, slope, rest) +
                                  value.ramp_moment(0, 2, slope, rest);
      };
      const Index j = 1 - i;
      const double none = std::max(-c, 0.0);
      expected += 0.7L * none * none;
      testing::for_each_point(0.0L, 50.0L, 0.02L, [&](Long v, Long weight) {
        const auto x = static_cast<double>(v * d.unit);
        const Long p = weight * std::exp(d.log_density(v));
        // Feature 0 alone, then both.
        const double ramp = std::max(g(0) * x - c, 0.0);
        expected += p * 0.3L * 0.4L * (i == 0 ? error(x, g(0), 0.0) : ramp * ramp);
        expected += p * 0.3L * 0.6L * error(x, g(i), g(j));
      });
    }
    const Loss found = loss_of(model, law, Vector::Ones(2), to(1e-7));
    EXPECT_EQ(found.stop_reason, StopReason::exact) << found.error_bound / found.value;
    EXPECT_NEAR(found.value, static_cast<double>(expected), found.error_bound + 1e-9 * found.value);
  }
}

// Uniform[0, c] is the plain law with b/c, which the other engine evaluates.
TEST(LawLoss, AgreesWithThePlainEngineByRescaling) {
  std::mt19937_64 random(4);
  for (const Index count : {5, 12}) {
    Autoencoder model = dense_model(count, 3, random);
    const Features features = testing::random_features(count, 0.4, random);
    const double c = 3.0;
    const Loss found =
        loss_of(model, DataLaw::independent(features.density, ValueLaw::uniform(0, c)),
                features.importance, to(1e-8));
    model.b /= c;
    const Loss expected = loss(model, features, to(1e-10));
    EXPECT_TRUE(found.met_target());
    EXPECT_NEAR(found.value, c * c * expected.value,
                found.error_bound + c * c * expected.error_bound);
  }
}

// Nearly certain and certain features, and groups of which nothing can be active.
TEST(LawLoss, DensitiesOfZeroAndNearlyOneAreAsOthers) {
  std::mt19937_64 random(14);
  Autoencoder model = dense_model(10, 3, random);
  Features features = testing::random_features(10, 0.4, random);
  features.density.head(8) << 0.3, 0.9995, 0.2, 0.9999, 0.5, 1.0, 0.1, 0.6;
  features.density.tail(2).setZero();
  features.importance.tail(2).setOnes();
  std::vector<ActivityNodes> pieces;
  for (Index j = 0; j < 8; ++j) pieces.push_back(activity::feature(j, features.density(j)));
  pieces.push_back(activity::exclusive({activity::feature(8, 0.0), activity::feature(9, 0.0)}));
  const double c = 3.0;
  const DataLaw law{ActivityTree(activity::join(pieces)),
                    std::vector<ValueLaw>(10, ValueLaw::uniform(0, c))};
  const Loss found = loss_of(model, law, features.importance, to(1e-8));
  model.b /= c;
  const Loss expected = loss(model, features, to(1e-10));
  EXPECT_TRUE(found.met_target());
  EXPECT_NEAR(found.value, c * c * expected.value,
              found.error_bound + c * c * expected.error_bound);
}

TEST(LawLoss, ThePlainLawKeepsItsBits) {
  std::mt19937_64 random(5);
  const Autoencoder model = testing::random_model(6, 2, random);
  const Features features = testing::random_features(6, 0.4, random);
  EXPECT_EQ(loss_of(model, DataLaw::independent(features.density), features.importance).value,
            loss(model, features).value);
}

// Nothing decays: what is claimed must hold all the same.
TEST(LawLoss, ConstantValuesAreToldAsFarAsTheyAreKnown) {
  std::mt19937_64 random(6);
  for (const ActivityCase& test : testing::activity_cases()) {
    DataLaw law{testing::to_tree(test.groups), {}};
    if (law.size() > 6) continue;
    law.values.assign(static_cast<std::size_t>(law.size()), ValueLaw::constant(0.8));
    const Autoencoder model = dense_model(law.size(), 2, random);
    const Vector importance = Vector::Ones(law.size());
    const double expected =
        loss_by_enumeration(model, law, importance, testing::enumerate(test.groups, law.size()),
                            [&](const Vector& g, double c, std::uint32_t pattern, Index own) {
                              return constant_ramps(law, g, c, pattern, own);
                            });
    const Loss found = loss_of(model, law, importance, to(1e-8, 4096));
    EXPECT_NEAR(found.value, expected, found.error_bound + 1e-14 * expected) << test.name;
    EXPECT_EQ(found.met_target(), found.error_bound <= 1e-8 * found.value);
    EXPECT_LT(found.error_bound, 0.1 * expected) << test.name;  // it tells something
  }
}

// z = 1 + 1e-8 x_2 on the only support of two features, and c = 1 + 1e-12: E(z − c)² is 1e-16, lost
// in rounding, but z is not c. The loss of x_1 is 1, and (1 − θ)² where it fires.
TEST(LawLoss, WhatIsCloseToTheThresholdIsNotAtIt) {
  const DataLaw law{ActivityTree::independent(Vector::Constant(2, 0.5)),
                    {ValueLaw::constant(1), ValueLaw::uniform(0, 1)}};
  for (const double entry : {1e-5, 1e-8, 1e-12}) {
    Autoencoder model{Matrix::Identity(2, 2), Vector{{1.0 + 1e-4 * entry - 0.7, 0.0}}};
    model.W_out = Matrix{{1.0, entry}, {0.0, 1.0}};
    model.activation = Activation::jumprelu;
    model.jump = Vector{{0.7, 0.1}};
    Options options = to(1e-8);
    options.refuse_unreachable = false;
    const Loss found = loss(model, Features::of(law, Vector{{1.0, 0.0}}), options);
    const double fires = 0.25 * (1.0 - 1e-4), right = 0.5 - fires + fires * 0.09;
    EXPECT_FALSE(found.error_bound < std::abs(found.value - right) - 2.0 * entry) << entry;
    EXPECT_FALSE(found.met_target()) << entry;
  }
}

// Q_0 … Q_2 are too improbable to be listed: then none is, and the loss is what it is.
TEST(LawLoss, IsThereWhereNoSkeletonIsListed) {
  std::mt19937_64 random(8);
  Options options = to(1e-6);
  options.skeletons = 2;
  Autoencoder model = dense_model(20, 3, random);
  for (const ValueLaw& value : {ValueLaw::uniform(0, 2), ValueLaw::constant(1)}) {
    for (const Activation activation : {Activation::relu, Activation::identity}) {
      model.activation = activation;
      const Features features =
          Features::of(DataLaw::independent(Vector::Constant(20, 0.9), value), Vector::Ones(20));
      const auto found = skeleton_loss(model, features, options);
      EXPECT_TRUE(found.skeletons.empty());
      EXPECT_EQ(found.value, loss(model, features, options).value);
    }
  }
}

// Four patterns, each with one z: negative values, for which e^{sgU} is far below 1 on a contour as
// short as one atom allows. Its digits were lost there once.
TEST(LawLoss, NegativeConstantsAreTheSumOverTheirPatterns) {
  const Vector p{{0.8954236393468638, 0.15571389113027775}}, v{{0.3, 1.0}};
  const Vector value{{-1.7003923191108201, 1.514569053047989}};
  const Autoencoder model{Matrix{{-1.0, -1.0}}, Vector{{-0.27172045204434886, 0.2151130308765255}}};
  double expected = 0.0;
  for (int pattern = 0; pattern < 4; ++pattern) {
    double probability = 1.0;
    Vector x = Vector::Zero(2);
    for (Index j = 0; j < 2; ++j) {
      const bool active = (pattern >> j & 1) != 0;
      probability *= active ? p(j) : 1.0 - p(j);
      if (active) x(j) = value(j);
    }
    expected += probability * pointwise_loss(model, v, x);
  }
  const DataLaw law{ActivityTree::independent(p),
                    {ValueLaw::constant(value(0)), ValueLaw::constant(value(1))}};
  for (const double target : {1e-2, 1e-4, 1e-6, 1e-8}) {
    const Loss found = loss_of(model, law, v, to(target));
    EXPECT_NEAR(found.value, expected, found.error_bound) << target;
    EXPECT_LT(found.error_bound, 1e-2 * expected);
  }
}

// A rare feature moves z by 10⁴ times its spread: on a contour for the others E e^{γz} left the
// range of double.
TEST(LawLoss, OfARareFeatureThatMovesZFarIsTheSumOverItsPatterns) {
  const Vector p{{1e-9, 0.5, 0.8}};
  const DataLaw law{
      ActivityTree::independent(p),
      {ValueLaw::normal(2.5e3, 2.8e3), ValueLaw::normal(0.5, 0.3), ValueLaw::normal(1.0, 0.5)}};
  const Autoencoder model{Matrix{{-0.4, 1.01, -0.43}}, Vector{{0.01, -0.08, 0.0007}}};
  std::vector<Long> patterns(8, 1.0L);
  for (std::uint32_t pattern = 0; pattern < 8; ++pattern) {
    for (Index j = 0; j < 3; ++j) patterns[pattern] *= (pattern >> j) & 1u ? p(j) : 1.0L - p(j);
  }
  const double expected =
      loss_by_enumeration(model, law, Vector::Ones(3), patterns,
                          [&](const Vector& g, double c, std::uint32_t pattern, Index own) {
                            return normal_ramps(law, g, c, pattern, own);
                          });
  const Loss found = loss_of(model, law, Vector::Ones(3));
  EXPECT_NEAR(found.value, expected, found.error_bound);
  EXPECT_LT(found.error_bound, 1e-5 * expected);
}

TEST(LawLoss, AModelOfZerosHasItsClosedForm) {
  const Index pair[] = {0, 1};
  const DataLaw law{
      ActivityTree(activity::join({activity::together(pair, 0.2), activity::feature(2, 0.1)})),
      std::vector<ValueLaw>(3, ValueLaw::half_normal(2))};
  const Autoencoder model{Matrix::Zero(1, 3), Vector{{-0.5, 0.0, 1.0}}};
  const double mean = 2.0 * std::sqrt(2.0 / std::numbers::pi);
  // E x² = p·4, and (x − .5)² for the first.
  const double expected = 0.2 * 4 - 2 * 0.2 * 0.5 * mean + 0.25 + 0.2 * 4 + 0.1 * 4;
  const Loss found = loss_of(model, law, Vector::Ones(3));
  EXPECT_NEAR(found.value, expected, found.error_bound);
  EXPECT_TRUE(found.met_target());
}

// A feature whose value is always 0 moves nothing: the loss is that of the constant answers, and
// with all nodes at hand nothing is left open.
TEST(LawLoss, OfValuesThatAreAlwaysZeroIsKnown) {
  const Autoencoder model{Matrix{{30.0, -1.0}}, Vector{{-0.1, 0.3}}};
  const Loss zero = loss_of(model, DataLaw::independent(Vector{{0.3, 0.8}}, ValueLaw::constant(0)),
                            Vector::Ones(2));
  EXPECT_TRUE(zero.met_target());
  EXPECT_NEAR(zero.value, 0.01, 1e-15);
  const DataLaw one{ActivityTree::independent(Vector{{0.3, 0.8}}), {ValueLaw::constant(0), {}}};
  const Features alone = Features::of(DataLaw::independent(Vector{{0.0, 0.8}}), Vector::Ones(2));
  const Loss mixed = loss_of(model, one, Vector::Ones(2));
  EXPECT_TRUE(mixed.met_target());
  EXPECT_NEAR(mixed.value, loss(model, alone).value, 1e-8 * mixed.value);
}

TEST(LawLoss, RefusesWhatIsNotValid) {
  const Autoencoder model{Matrix::Identity(2, 2), Vector::Zero(2)};
  const DataLaw law = DataLaw::independent(Vector{{0.1, 0.2}}, ValueLaw::constant(1));
  EXPECT_THROW(loss_of(model, DataLaw{}, Vector()), std::invalid_argument);
  EXPECT_THROW(loss_of(model, law, Vector::Ones(3)), std::invalid_argument);
  EXPECT_THROW(loss_of(model, law, Vector{{1.0, -1.0}}), std::invalid_argument);
  EXPECT_THROW(
      loss_of(model, DataLaw::independent(Vector{{0.1}}, ValueLaw::constant(1)), Vector::Ones(1)),
      std::invalid_argument);
  EXPECT_THROW(loss_of(model, law, Vector::Ones(2), to(-1.0)), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::exact
