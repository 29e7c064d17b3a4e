#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "approximation/firing_law.h"
#include "bounds/firing_bound.h"
#include "skeleta/approximation/sampled_loss.h"
#include "skeleta/exact/loss.h"
#include "support.h"

// Models whose loss hides where samples do not come: each was once answered with certainty, and
// wrongly. The right values are those of an enumeration of supports in 30 digits or more, and of
// the formulas that stand beside them.
namespace skeleta::approximation {
namespace {

using estimate::Method;

// Fires only where x₁ + x₂ + x₃ > 2.9: L = 3p/3 + 3 p³ (c⁴/6·1e-6 − c²·8.1667e-6).
Autoencoder corner(double c) {
  return {Matrix::Constant(1, 3, c), Vector::Constant(3, 2.9 * c * c)};
}

struct Case {
  const char* name;
  Autoencoder model;
  Features features;
  double loss, digits;  // the last digit's unit
};

std::vector<Case> cases() {
  std::vector<Case> all;
  all.push_back({"corner, c = 30", corner(30.0), Features::uniform(3, 1.0), 1.38295, 1e-8});
  all.push_back({"corner, c = 100", corner(100.0), Features::uniform(3, 0.1), 0.149755, 1e-6});

  Autoencoder rare{Matrix(3, 4), Vector(4)};
  rare.W << -1, 1, 2, -2, 1, 1, 1, -1, -2, 2, 2, 0;
  rare.b << 0, 0, 10, 0;
  Features one = Features::uniform(4, 0.5, 0.0);
  one.density << 0.95, 0.5, 0.001, 0.5;
  one.importance(2) = 1.0;
  all.push_back({"rare and important", rare, one, 3.73655535959240e-4, 1e-17});

  // Features 1, 2, 3 fire only together; the others share three directions.
  Autoencoder triple{Matrix::Zero(4, 10), Vector::Constant(10, 0.05)};
  triple.W.row(0).head(3).setConstant(10.0);
  triple.b.head(3).setConstant(230.0);
  for (Index j = 3; j < 10; ++j) triple.W(1 + (j - 3) % 3, j) = 1.0;
  all.push_back({"triple", triple, Features::uniform(10, 0.05), 0.207274, 1e-6});
  return all;
}

Case decoys_case() {
  // Blocks of 4 that hardly ever fire but could grow large, then 3 features that fire together only
  // and make two thirds of the loss, then 19 common ones: inclusion-exclusion in 80 digits.
  Autoencoder decoys{Matrix::Zero(52, 150), Vector::Zero(150)};
  Features rare_ones = Features::uniform(150, 0.05);
  for (Index j = 0; j < 128; ++j) decoys.W(j / 4, j) = 60.0;
  decoys.b.head(128).setConstant(0.8 * 4.0 * 60.0 * 60.0);
  rare_ones.density.head(128).setConstant(1e-4);
  decoys.W.block(32, 128, 1, 3).setConstant(30.0);
  decoys.b.segment(128, 3).setConstant(2025.0);
  rare_ones.density.segment(128, 3).setConstant(0.02);
  for (Index j = 131; j < 150; ++j) decoys.W(33 + j - 131, j) = 1.1;
  return {"decoys", decoys, rare_ones, 0.11463428397, 1e-11};
}

Autoencoder plain_corner() {
  return {Matrix::Constant(1, 6, 1.0), Vector::Constant(6, 3.8)};
}

// Rule: 20 seeds for each case and method; each interval holds the right value, or the result says
// that it may not. A 95 % interval that samples decide misses more than 4 of 20 with probability
// .003: that many are allowed, and only for the one case where anything is left to samples.
TEST(HiddenLoss, IsFoundInEveryCaseThatWasOnceMissed) {
  for (const Case& c : cases()) {
    for (const Method method :
         {Method::stratified, Method::quasi, Method::importance, Method::automatic}) {
      int missed = 0;
      for (std::uint64_t seed = 1001; seed <= 1020; ++seed) {
        estimate::Options options;
        options.method = method;
        options.seed = seed;
        options.relative_tolerance = 0.01;
        const IntegralBySkeleton loss = sampled_loss(c.model, c.features, options).loss;
        EXPECT_EQ(loss.stop_reason, StopReason::precision) << c.name;
        EXPECT_NEAR(loss.value, c.loss, 6 * loss.standard_error + loss.error_bound + c.digits)
            << c.name << ", " << to_string(method) << ", seed " << seed;
        missed += loss.low > c.loss + c.digits || loss.high < c.loss - c.digits;
      }
      EXPECT_LE(missed, std::string(c.name) == "triple" ? 4 : 0) << c.name;
    }
  }
}

// An eighth of the loss is on Q4, whose probability is 1.25e-13: no list of skeletons has it.
// Right: rational arithmetic (tests/oracle).
TEST(HiddenLoss, IsFoundOnSkeletonsThatAreNotListed) {
  const Autoencoder model{Matrix{{1.0, 1.0, 1.0, 1e8}}, Vector::Zero(4)};
  const Features features{Vector{{0.5, 0.5, 0.5, 1e-12}}, Vector::Ones(4)};
  constexpr double right = 3.3342084083333337e19;
  for (const auto method : {estimate::Method::stratified, estimate::Method::importance}) {
    estimate::Options options;
    options.method = method;
    const IntegralBySkeleton loss = sampled_loss(model, features, options).loss;
    EXPECT_NEAR(loss.value, right, 1e-3 * right) << to_string(method);
    EXPECT_LE(loss.low, right) << to_string(method);
    EXPECT_GE(loss.high, right) << to_string(method);
  }
}

// The first feature, rare and important, fires alone; the second, as rare, takes some of its output
// away. Both are there with probability 1.7e-6, and then 1e6 of the loss is missing: of 4600 that
// the closed forms know, 1.7. Too high a value, with an interval of 0.1 that does not hold the
// right one, is what was once answered.
TEST(HiddenLoss, IsFoundWhereAnActiveFeatureIsDisturbed) {
  Autoencoder model{Matrix::Zero(4, 8), Vector::Constant(8, 0.05)};
  model.W(0, 0) = 28.0;
  model.W(0, 1) = -3.0;
  model.b.head(2) << -0.12, -0.2;
  for (Index j = 2; j < 8; ++j) model.W(1 + (j - 2) % 3, j) = 1.0;
  Features features = Features::uniform(8, 0.6);
  features.density.head(2) << 7.5e-4, 2.25e-3;
  features.importance.head(2) << 30.0, 0.0;
  const double expected = exact::loss(model, features).value;
  for (const Method method : {Method::stratified, Method::quasi, Method::importance}) {
    int missed = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      estimate::Options options;
      options.method = method;
      options.seed = seed;
      options.relative_tolerance = 0.01;
      const IntegralBySkeleton loss = sampled_loss(model, features, options).loss;
      missed += loss.low > expected || loss.high < expected;
    }
    EXPECT_LE(missed, 2) << to_string(method);  // of 20: the 5 % of 95 % intervals
  }
}

// The third feature fires alone only where it is nearly 1, and the first, if it is there, keeps it
// from that: closed forms know the one and samples hardly ever see the other. Once 11 % too much
// was called precise. Right: rational arithmetic (tests/oracle). Rule: 20 seeds; each interval
// holds the right value or says that it may not, but for the 5 % of 95 % intervals.
TEST(HiddenLoss, IsFoundWhereAFeatureFiresInASliverOfItsValues) {
  struct Sliver {
    Autoencoder model;
    Features features;
    double loss;
  };
  const Features seldom{Vector{{0.5, 0.9, 0.01}}, Vector::Ones(3)};
  const Sliver slivers[] = {
      {{Matrix{{-5.0, 0.0, 1e5}, {0.0, 1.0, 0.0}}, Vector{{0.0, 0.0, 1e10 - 5e5}}},
       {Vector::Constant(3, 0.33), Vector{{1e-6, 1.0, 1.0}}},
       1034681.1751459566},
      {{Matrix{{-3.75, 0.0, 18.0}, {0.0, 1.0, 0.0}}, Vector{{0.0, 0.0, 323.6}}},
       {Vector::Constant(3, 0.22), Vector{{1e-6, 1.0, 1.0}}},
       0.0},
      {{Matrix{{0.0, -0.4, 3e4}}, Vector{{0.0, 0.4, 9e8 * (1.0 - 4e-6)}}},
       seldom,
       0.49891664003216},
      {{Matrix{{-5e-4, -0.4, 3e4}}, Vector{{0.0, 0.0, 9e8 - 1e4}}}, seldom, 1.4454511265337402},
      {{Matrix{{-5e-4, -0.4, 1e5}}, Vector{{0.0, 0.0, 1e10 - 1e4}}}, seldom, 0.4343291826795924}};
  for (const Sliver& sliver : slivers) {
    const double right =
        sliver.loss > 0.0 ? sliver.loss : exact::loss(sliver.model, sliver.features).value;
    for (const estimate::MethodInfo& info : estimate::methods()) {
      int missed = 0;
      for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        estimate::Options options;
        options.method = info.method;
        options.seed = seed;
        options.relative_tolerance = 0.01;
        options.max_samples = 200'000;
        options.threads = 1;
        const IntegralBySkeleton loss = sampled_loss(sliver.model, sliver.features, options).loss;
        const bool holds = loss.low <= right && right <= loss.high;
        missed += loss.stop_reason == StopReason::precision && !holds;
      }
      EXPECT_LE(missed, 2) << info.name << ", " << right;
    }
  }
}

// One output that fires in a corner, which 100 plain points mostly do not meet: 2.39038011e-4.
TEST(HiddenLoss, IsBoundedWhereAllPlainSamplesAreZero) {
  Features features = Features::uniform(6, 0.7, 0.0);
  features.density(0) = 0.0;
  features.importance(0) = 1.0;
  int zero = 0, sharp = 0;
  for (std::uint64_t seed = 1001; seed <= 1050; ++seed) {
    estimate::Options options;
    options.method = Method::plain;
    options.samples = 100;
    options.seed = seed;
    const IntegralBySkeleton loss = sampled_loss(plain_corner(), features, options).loss;
    zero += loss.value == 0.0;
    EXPECT_GE(loss.high, 2.39038011e-4) << seed;
    // At most ten times the loss, unless skeletons met less than twice must be bounded too.
    sharp += loss.error_bound <= 2.4e-3;
    EXPECT_LE(loss.error_bound, 0.02) << seed;
  }
  EXPECT_GT(zero, 10);
  EXPECT_GT(sharp, 30);
}

// An interval holds the right value, or the result says that it may not.
TEST(HiddenLoss, IsNotLostAmongOutputsThatCouldGrowLarger) {
  const Case c = decoys_case();
  int claimed = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    estimate::Options options;
    options.seed = seed;
    options.max_samples = 100'000;
    const IntegralBySkeleton loss = sampled_loss(c.model, c.features, options).loss;
    EXPECT_NEAR(loss.value, c.loss, 6 * loss.standard_error + loss.error_bound + c.digits);
    claimed += loss.stop_reason == StopReason::precision;
  }
  EXPECT_GT(claimed, 0);
}

// A pilot fits the controls to a few points: as few again cannot tell what the fit does not
// explain.
TEST(HiddenLoss, FewPointsBesideFittedControlsAreUnreliable) {
  const Case c = cases().back();
  estimate::Options options;
  options.samples = 100;
  EXPECT_EQ(sampled_loss(c.model, c.features, options).loss.stop_reason, StopReason::unreliable);
  options.samples = 20'000;
  EXPECT_EQ(sampled_loss(c.model, c.features, options).loss.stop_reason, StopReason::samples);
}

// What is left of (x − y)² where y is x to 12 digits is rounded: L = 3 p/3 (w² − 1)², and 3 · 1e-24
// where every output is x_i + 1e-12.
TEST(HiddenLoss, RoundingIsInTheInterval) {
  const double w = 1.0 + 1e-12, excess = std::fma(w, w, -1.0);
  const Autoencoder close{w * Matrix::Identity(3, 3), Vector::Zero(3)};
  const Autoencoder shifted{Matrix::Identity(3, 3), Vector::Constant(3, -1e-12)};
  for (const Method method : {Method::plain, Method::stratified}) {
    for (const auto& [model, right] :
         {std::pair{close, 0.1 * excess * excess}, std::pair{shifted, 3e-24}}) {
      estimate::Options options;
      options.method = method;
      options.samples = 3000;
      const IntegralBySkeleton loss = sampled_loss(model, Features::uniform(3, 0.1), options).loss;
      EXPECT_GT(loss.error_bound, 0.0);
      EXPECT_LE(loss.low, right) << to_string(method);
      EXPECT_GE(loss.high, right) << to_string(method);
      EXPECT_LT(loss.error_bound, 0.1 * right);
    }
  }
}

// Importances times 2^k change the scale and no other bit, where squares of losses would underflow
// or overflow too.
TEST(HiddenLoss, ImportancesTimesAPowerOfTwoChangeTheScaleAlone) {
  std::mt19937_64 random(5);
  const Autoencoder model = testing::random_model(4, 2, random);
  for (const Method method :
       {Method::plain, Method::stratified, Method::quasi, Method::importance}) {
    estimate::Options options;
    options.method = method;
    options.samples = 4000;
    const IntegralBySkeleton one = sampled_loss(model, Features::uniform(4, 0.1), options).loss;
    for (const int k : {-900, 900}) {
      const IntegralBySkeleton other =
          sampled_loss(model, Features::uniform(4, 0.1, std::ldexp(1.0, k)), options).loss;
      EXPECT_EQ(std::ldexp(other.value, -k), one.value) << to_string(method);
      EXPECT_EQ(std::ldexp(other.standard_error, -k), one.standard_error);
      EXPECT_EQ(std::ldexp(other.high, -k), one.high);
      EXPECT_EQ(other.stop_reason, one.stop_reason);
    }
  }
}

// A precision that plain sampling cannot vouch for is not claimed; with enough points it is.
TEST(HiddenLoss, IsSeenByPlainSamplesOrDisclaimed) {
  const Case c = cases().front();
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    estimate::Options options;
    options.method = Method::plain;
    options.relative_tolerance = 0.3;
    options.max_samples = 2'000'000;
    options.seed = seed;
    const IntegralBySkeleton loss = sampled_loss(c.model, c.features, options).loss;
    const bool covered = loss.low <= c.loss && c.loss <= loss.high;
    EXPECT_TRUE(covered || loss.stop_reason != StopReason::precision) << seed;
  }
}

// E_Q[f dP/dQ] = E_P f: the probability of the corner, .1³/6 for three dense features, and of
// x₂ + x₃ > 1.5 beside an active feature 1 and without feature 4, .01·.1·.2·.7/8.
TEST(FiringLaw, WeightsMakeUpForTheTilt) {
  const Vector dense = Vector::Constant(3, 1.0), g = Vector::Constant(3, 5.0);
  const FiringLaw law(dense, g, 14.5, 3.0, std::nullopt);
  EXPECT_TRUE(law.reaches());
  double sum = 0.0, squares = 0.0;
  constexpr int points = 20000;
  Input input;
  for (int n = 0; n < points; ++n) {
    sampling::PointStream stream({1, sampling::Purpose::pilot, 0, 0},
                                 static_cast<std::uint64_t>(n));
    law.draw(stream, input);
    double x = 0.0;
    for (const double value : input.value) x += value;
    const double f = x > 2.9 ? std::exp(-law.log_ratio(input)) : 0.0;
    sum += f;
    squares += f * f;
  }
  const double mean = sum / points, error = std::sqrt(squares) / points;
  EXPECT_NEAR(mean, 1e-3 / 6.0, 5 * error);
  EXPECT_LT(error, 0.03 * mean);  // plain points: 55 %

  Vector density(4), others(4);
  density << 0.01, 0.1, 0.2, 0.3;
  others << 0.0, 1.0, 1.0, -1.0;
  const FiringLaw pair(density, others, 1.5, 2.5, Index{0});
  sum = squares = 0.0;
  for (int n = 0; n < points; ++n) {
    sampling::PointStream stream({2, sampling::Purpose::pilot, 0, 0},
                                 static_cast<std::uint64_t>(n));
    pair.draw(stream, input);
    const bool both = input.active.size() == 3 && input.active[1] == 1 && input.active[2] == 2 &&
                      input.value[1] + input.value[2] > 1.5;
    const double f = both ? std::exp(-pair.log_ratio(input)) : 0.0;
    sum += f;
    squares += f * f;
  }
  EXPECT_NEAR(sum / points, 0.01 * 0.1 * 0.2 * 0.7 / 8.0, 5 * std::sqrt(squares) / points);
  EXPECT_LT(std::sqrt(squares), 0.05 * sum);
}

TEST(FiringMixture, IsTheWeightedSumOfItsLaws) {
  Vector density(4), g(4);
  density << 0.01, 0.1, 1.0, 0.3;
  g << 0.5, 1.0, 2.0, -1.0;
  std::vector<FiringLaw> laws;
  laws.emplace_back(density, Vector::Zero(4), -1.0, 2.5, std::nullopt);
  laws.emplace_back(density, g, 2.5, 2.5, std::nullopt);
  laws.emplace_back(density, g, 1.5, 2.5, Index{1});
  laws.emplace_back(density, g, 1.5, 2.5, Index{3});
  const Eigen::Vector4d weights(256.0, 24.0, 7.0, 3.0);
  FiringMixture mixture(laws, weights);
  for (const Input& input :
       {Input{{2}, {0.7}}, Input{{1, 2}, {0.2, 0.9}}, Input{{2, 3}, {1.0, 0.0}},
        Input{{0, 1, 2, 3}, {0.1, 0.4, 0.6, 0.8}}}) {
    double sum = 0.0;
    for (std::size_t c = 0; c < 4; ++c) {
      sum += weights(static_cast<Index>(c)) * std::exp(laws[c].log_ratio(input));
    }
    EXPECT_NEAR(mixture.ratio(input), sum, 1e-13 * sum);
  }
}

// Σ x > 2.9 with p = 1: E (cΣx − 2.9c)₊² = c²·2·.1⁵/5!. The bound lies above, within 20 times.
TEST(FiringBound, HoldsAndIsSharpInACorner) {
  for (const double p : {1.0, 0.3, 0.01}) {
    for (const double fraction : {0.3, 0.1, 0.01}) {
      const double exact = p * p * p * 2.0 * std::pow(fraction, 5) / 120.0;
      const double bound =
          bounds::firing_bound(Vector::Constant(3, 1.0), 3.0 - fraction, Vector::Constant(3, p), 0);
      EXPECT_GE(bound, exact) << p << ", " << fraction;
      EXPECT_LE(bound, 20.0 * exact) << p << ", " << fraction;
      EXPECT_GE(
          bounds::firing_bound(Vector::Constant(3, 1.0), 3.0 - fraction, Vector::Constant(3, p), 3),
          exact);
    }
  }
  EXPECT_EQ(bounds::firing_bound(Vector::Constant(3, 1.0), 3.0, Vector::Constant(3, 0.5), 0), 0.0);
}

// Against plain samples of (z − b)₊² 1{N ≥ m}, on random rows.
TEST(FiringBound, HoldsForRandomRows) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  for (int k = 0; k < testing::scaled(100, 20); ++k) {
    const Index count = 2 + static_cast<Index>(random() % 6), m = static_cast<Index>(random() % 4);
    Vector g(count), density(count);
    for (Index j = 0; j < count; ++j) {
      g(j) = normal(random);
      density(j) = uniform(random);
    }
    const double b = normal(random);
    double sum = 0.0, squares = 0.0;
    constexpr int points = 4000;
    for (int n = 0; n < points; ++n) {
      double z = 0.0;
      Index active = 0;
      for (Index j = 0; j < count; ++j) {
        if (!(uniform(random) < density(j))) continue;
        z += g(j) * uniform(random);
        ++active;
      }
      const double f = active >= m ? std::pow(std::max(z - b, 0.0), 2) : 0.0;
      sum += f;
      squares += f * f;
    }
    EXPECT_GE(bounds::firing_bound(g, b, density, m), (sum - 5 * std::sqrt(squares)) / points);
  }
}

}  // namespace
}  // namespace skeleta::approximation
