#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

#include "exact/pattern_sums.h"
#include "exact/proven_loss.h"
#include "oracle_table.h"
#include "skeleta/exact/loss.h"
#include "support.h"

// Proven losses: whole numbers, and the doubles that are made of them.
namespace skeleta::exact {
namespace {

using ::testing::HasSubstr;
using Limits = std::numeric_limits<double>;

Options proven(int threads = 1) {
  Options options;
  options.error_control = ErrorControl::proven;
  options.probability_floor = 0.0;
  options.threads = threads;
  return options;
}

TEST(WholeNumbers, ADoubleIsWhatItIs) {
  for (const double x : {1.0, -0.75, 3e300, Limits::denorm_min(), -Limits::max(), 0.1}) {
    const Dyadic exact(x);
    EXPECT_EQ(std::ldexp(static_cast<double>(exact.numerator), static_cast<int>(exact.exponent)),
              x);
    EXPECT_TRUE(bit_test(Integer(abs(exact.numerator)), 0));
  }
  EXPECT_EQ(Dyadic(0.0).numerator, 0);
  const Dyadic sum = Dyadic(1.0) + Dyadic(0x1p-200);
  EXPECT_EQ(in_units(sum, -200), (Integer(1) << 200u) + 1);
  EXPECT_EQ((Dyadic(0.1) - Dyadic(0.1)).numerator, 0);
}

void expect_rounded(const Rounded& x, double low, double high, double nearest) {
  EXPECT_EQ(x.low, low);
  EXPECT_EQ(x.high, high);
  EXPECT_EQ(x.nearest, nearest);
  if (low == high) {
    EXPECT_EQ(x.error, 0.0);
  } else if (!std::isinf(high)) {
    EXPECT_GE(x.error, 0.5 * (high - low));
    EXPECT_LE(x.error, std::max(0.5 * (high - low), Limits::denorm_min()));
  }
}

TEST(WholeNumbers, RoundToTheNearestDouble) {
  const double above = std::nextafter(1.0, 2.0), under = std::nextafter(1.0, 0.0);
  const Integer one = Integer(1) << 60u;
  expect_rounded(rounded(one, one, 0), 1.0, 1.0, 1.0);
  expect_rounded(rounded(-one, -one, 3), 8.0, 8.0, 8.0);
  expect_rounded(rounded(one + 1, one, 0), 1.0, above, 1.0);
  expect_rounded(rounded(one - 1, one, 0), under, 1.0, 1.0);
  expect_rounded(rounded(one + 128, one, 0), 1.0, above, 1.0);  // half way: the even one
  expect_rounded(rounded(one + 129, one, 0), 1.0, above, above);
  expect_rounded(rounded(one + 384, one, 0), above, std::nextafter(above, 2.0),
                 std::nextafter(above, 2.0));
  expect_rounded(rounded(1, 3, 0), 1.0 / 3.0, std::nextafter(1.0 / 3.0, 1.0), 1.0 / 3.0);
  expect_rounded(rounded(0, 7, 5), 0.0, 0.0, 0.0);
  const double least = Limits::denorm_min();
  expect_rounded(rounded(1, 3, -1074), 0.0, least, 0.0);
  expect_rounded(rounded(1, 1, -1074), least, least, least);
  expect_rounded(rounded(5, 3, -1074), least, 2.0 * least, 2.0 * least);
  expect_rounded(rounded(1, 1, -5000), 0.0, least, 0.0);
  const double most = Limits::max();
  expect_rounded(rounded((one << 1u) - 1, one, 1023), most, Limits::infinity(), Limits::infinity());
  EXPECT_EQ(rounded(1, 1, 5000).high, Limits::infinity());
  EXPECT_THROW(rounded(-1, 1, 0), std::logic_error);
}

// Σ over all patterns, one after the other.
std::vector<std::vector<Integer>> directly(const std::vector<PatternFactor>& features,
                                           const Integer& threshold, unsigned first,
                                           unsigned last) {
  const std::size_t n = features.size();
  std::vector<std::vector<Integer>> sums(last - first + 1, std::vector<Integer>(n + 1));
  for (std::size_t pattern = 0; pattern < std::size_t{1} << n; ++pattern) {
    std::vector<Integer> coefficients{1};
    Integer level = 0;
    for (std::size_t j = 0; j < n; ++j) {
      const bool in = (pattern >> j & 1) != 0;
      if (in) level += features[j].step;
      coefficients.emplace_back(0);
      for (std::size_t m = coefficients.size(); m-- > 0;) {
        const Integer lower = m > 0 ? coefficients[m - 1] : Integer(0);
        coefficients[m] = in ? Integer(features[j].on * lower)
                             : Integer(features[j].off * coefficients[m] - features[j].on * lower);
      }
    }
    if (level <= threshold) continue;
    for (unsigned o = first; o <= last; ++o) {
      for (std::size_t m = 0; m <= n; ++m) {
        sums[o - first][m] +=
            coefficients[m] * pow(Integer(level - threshold), static_cast<unsigned>(m) + o);
      }
    }
  }
  return sums;
}

TEST(PatternSums, AreThoseOverAllPatterns) {
  std::mt19937_64 random(5);
  std::uniform_int_distribution<int> number(-1000000, 1000000);
  for (std::size_t n = 0; n <= 9; ++n) {
    for (int k = 0; k < 3; ++k) {
      std::vector<PatternFactor> features(n);
      for (PatternFactor& one : features) {
        one = {number(random), number(random),
               k == 0 ? 1000 : number(random)};  // or levels in ties
      }
      const Integer threshold = k == 0 ? Integer(2000) : Integer(number(random));
      EXPECT_EQ(pattern_sums(features, threshold, 1, 3), directly(features, threshold, 1, 3));
    }
  }
}

TEST(Proven, LossesAreTheNearestDoubles) {
  for (const testing::OracleCase& c : testing::oracle_table()) {
    SCOPED_TRACE(c.name);
    const IntegralBySkeleton found = skeleton_loss(c.model, c.features, proven());
    EXPECT_EQ(found.value, c.loss);
    EXPECT_LE(found.low, c.loss);
    EXPECT_GE(found.high, c.loss);
    EXPECT_LE(found.high, std::nextafter(found.low, Limits::infinity()));
    ASSERT_EQ(found.skeletons.size(), static_cast<std::size_t>(c.contributions.size()));
    for (const SkeletonPart& part : found.skeletons) {
      EXPECT_EQ(part.contribution, c.contributions(part.l)) << "l = " << part.l;
    }
    const Loss alone = loss(c.model, c.features, proven());
    EXPECT_EQ(alone.value, c.loss);
    EXPECT_LE(alone.error_bound, 0x1p-53 * c.loss + Limits::denorm_min());
    EXPECT_EQ(alone.nodes, 0);
  }
}

TEST(Proven, DerivativesAreTheNearestDoubles) {
  for (const testing::OracleCase& c : testing::oracle_table()) {
    if (c.features.size() > 5) continue;
    SCOPED_TRACE(c.name);
    const LossAndGradient found = loss_and_gradient(c.model, c.features, proven());
    EXPECT_EQ(found.loss.value, c.loss);
    EXPECT_EQ(found.loss.gradient_error, 0.0);
    EXPECT_TRUE((found.db.array() == c.gradient_b.array()).all());
    EXPECT_TRUE((found.dW.array() == c.gradient_W.array()).all());
    EXPECT_EQ(found.dW_out.size(), 0);
  }
}

TEST(Proven, DerivativesOfUntiedModels) {
  std::mt19937_64 random(4);
  for (int k = 0; k < 8; ++k) {
    const Index D = 2 + k / 2, d = 2;
    Autoencoder model = testing::random_model(D, d, random);
    model.W_out = testing::random_model(D, d, random).W.transpose();
    if (k % 2 == 1) model.W_out.row(0).setZero();
    const Features features = testing::random_features(D, 1.0, random);
    const LossAndGradient exactly = loss_and_gradient(model, features, proven(2));
    const LossAndGradient contour = loss_and_gradient(model, features);
    const double error = contour.loss.gradient_error;
    EXPECT_LE((contour.db - exactly.db).norm(), 1.001 * error);
    EXPECT_LE((contour.dW - exactly.dW).norm(), 1.001 * error * model.W_out.norm());
    EXPECT_LE((contour.dW_out - exactly.dW_out).norm(), 1.001 * error * model.W.norm());
  }
}

TEST(Proven, UntiedModelsAndMoreFeaturesThanPatternsCanBeCounted) {
  std::mt19937_64 random(3);
  for (int k = 0; k < 6; ++k) {
    const Index D = k == 5 ? 14 : 3 + k, d = 2;
    Autoencoder model = testing::random_model(D, d, random);
    const Features features = testing::random_features(D, 1.0, random);
    const double tied = loss(model, features, proven()).value;
    model.W_out = model.W.transpose();
    EXPECT_EQ(loss(model, features, proven()).value, tied);
    model.W_out = testing::random_model(D, d, random).W.transpose();
    model.W_out.row(0).setZero();  // x_0 is independent of its output, and of that of feature 1,
    model.W.col(1).setZero();      // and nobody sees feature 1
    const Loss exactly = loss(model, features, proven());
    const Loss contour = loss(model, features);
    EXPECT_LE(std::abs(contour.value - exactly.value), contour.error_bound - exactly.error_bound);
    const IntegralBySkeleton parts = skeleton_loss(model, features, proven());
    const IntegralBySkeleton near = skeleton_loss(model, features);
    double sum = 0.0;
    for (const SkeletonPart& part : parts.skeletons) sum += part.contribution;
    EXPECT_NEAR(sum, exactly.value, 1e-15 * exactly.value);
    for (const SkeletonPart& part : near.skeletons) {
      const double right = parts.skeletons[static_cast<std::size_t>(part.l)].contribution;
      EXPECT_NEAR(part.contribution, right, near.error_bound);
    }
  }
}

TEST(Proven, SameBitsForAnyNumberOfThreads) {
  std::mt19937_64 random(8);
  const Autoencoder model = testing::random_model(9, 3, random);
  const Features features = testing::random_features(9, 1.0, random);
  const IntegralBySkeleton one = skeleton_loss(model, features, proven(1));
  for (const int threads : {2, 3, 7}) {
    const IntegralBySkeleton other = skeleton_loss(model, features, proven(threads));
    EXPECT_EQ(one.value, other.value);
    EXPECT_EQ(one.error_bound, other.error_bound);
    for (std::size_t l = 0; l < one.skeletons.size(); ++l) {
      EXPECT_EQ(one.skeletons[l].contribution, other.skeletons[l].contribution);
    }
  }
}

// An output sees what can be active and has an entry: of 32 pairs on axes of their own, two. (A
// power of two, which rounds nothing.)
TEST(Proven, ManyFeaturesOfWhichEachOutputSeesFew) {
  const Index d = 32;
  Matrix W(d, 2 * d);
  W << Matrix::Identity(d, d), -Matrix::Identity(d, d);
  const Features features = Features::uniform(2 * d, 0.125);
  const Loss found = loss({W, Vector::Zero(2 * d)}, features, proven());
  const Features pair = Features::uniform(2, 0.125);
  Matrix w(1, 2);
  w << 1.0, -1.0;
  EXPECT_EQ(found.value, 32.0 * loss({w, Vector::Zero(2)}, pair, proven()).value);
}

TEST(Proven, TargetsBeyondDoublesAreReported) {
  Options options = proven();
  const Features features = Features::uniform(1, 0.3, 1.0);
  const Autoencoder model{Matrix::Constant(1, 1, 0.7), Vector::Constant(1, 0.1)};
  EXPECT_EQ(loss(model, features, options).stop_reason, StopReason::exact);
  options.relative_target = 0.0;
  options.absolute_target = 1e-30;
  EXPECT_EQ(loss(model, features, options).stop_reason, StopReason::nodes);
  const Autoencoder huge{Matrix::Constant(1, 1, 1e100), Vector::Constant(1, 0.1)};
  EXPECT_THROW(loss(huge, features, options), std::invalid_argument);
  options.refuse_unreachable = false;
  EXPECT_EQ(loss(huge, features, options).stop_reason, StopReason::non_finite);
}

template <class Action>
std::string refusal(Action action) {
  try {
    action();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(Proven, RefusesWhatItDoesNotKnow) {
  std::mt19937_64 random(2);
  const Features features = Features::uniform(40, 0.1);
  Autoencoder model{testing::random_model(40, 3, random).W, Vector::Zero(40)};
  const auto said = [&] { return refusal([&] { loss(model, features, proven()); }); };
  EXPECT_THAT(said(), HasSubstr("features, but error control 'proven'"));
  model.noise = 0.1;
  EXPECT_THAT(said(), HasSubstr("without noise"));
  model.noise = 0.0;
  model.activation = Activation::identity;
  EXPECT_THAT(said(), HasSubstr("ReLU models"));
}

}  // namespace
}  // namespace skeleta::exact
