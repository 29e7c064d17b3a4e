#include "skeleta/certify/certified_minimum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "certify/known_pair.h"
#include "skeleta/exact/loss.h"
#include "support.h"

namespace skeleta::certify {
namespace {

CertifiedMinimum certify(const Features& features, Index hidden, std::optional<Index> k,
                         double gap = 1e-5) {
  CertifyOptions options;
  options.skeletons = k;
  options.relative_gap = gap;
  return certify_minimum(features, hidden, options);
}

void expect_certified(const CertifiedMinimum& result, double minimum, double accuracy) {
  EXPECT_EQ(result.stop_reason, CertifyStop::gap);
  EXPECT_LE(result.gap(), 1e-5 * result.upper * (1 + 1e-9));
  EXPECT_LE(result.lower, minimum + accuracy);
  EXPECT_GE(result.upper, minimum - accuracy);
}

// Minima recorded by an independent prototype (4-dimensional boxes, 2e5 and 2e6 of them).
TEST(CertifiedMinimum, OfTwoFeaturesIsTheRecordedOne) {
  expect_certified(certify(Features::uniform(2, 0.1), 1, {}), 0.0033194839, 1e-10);
  expect_certified(certify(Features::uniform(2, 0.5), 1, {}), 0.076282446, 1e-9);
}

// On Q0 and Q1 an antipodal pair is perfect. The third feature is left with a constant β: with
// q = (1 − p)³ and ω = p(1 − p)², min over β of (q + 3ω)β² − ωβ + ω/3.
TEST(CertifiedMinimum, OfThreeFeaturesOnQ1IsAPairAndAConstant) {
  const double p = 0.1, w = p * 0.81, q = 0.729;
  const double minimum = w / 3 - w * w / (4 * (q + 3 * w));
  EXPECT_NEAR(minimum, 0.0253125, 1e-15);
  expect_certified(certify(Features::uniform(3, p), 1, 1), minimum, 0.0);
}

// At p = ½ too, over all skeletons: the pair's minimum, and the variance of x.
TEST(CertifiedMinimum, OfThreeDenseFeaturesIsAPairAndAConstant) {
  if (testing::scale() < 1.0) GTEST_SKIP() << "takes some seconds";
  const double p = 0.5;
  expect_certified(certify(Features::uniform(3, p), 1, {}), 0.076282446 + p / 3 - p * p / 4, 1e-9);
}

TEST(CertifiedMinimum, HasTheExactLossOfItsModelAsUpperBound) {
  std::mt19937_64 random(3);
  for (int repeat = 0; repeat < 4; ++repeat) {
    const Features features = testing::random_features(2, 0.8, random);
    const CertifiedMinimum result = certify(features, 1, {}, 1e-3);
    const double loss = exact::loss(result.model, features).value;
    EXPECT_LE(loss, result.upper * (1 + 1e-8));
    EXPECT_NEAR(loss, result.upper, 1e-7 * loss);
    EXPECT_LE(result.gap(), 1.001e-3 * result.upper);
  }
}

TEST(CertifiedMinimum, NeedsNoBoxesWhereItIsZero) {
  const Features pair = Features::uniform(2, 0.3);
  for (const CertifiedMinimum& zero :
       {certify(Features::uniform(1, 0.4), 1, {}), certify(pair, 2, {}), certify(pair, 1, 1),
        certify(pair, 1, 0), certify(Features::uniform(2, 0.0), 1, {})}) {
    EXPECT_EQ(zero.stop_reason, CertifyStop::gap);
    EXPECT_EQ(zero.boxes, 0u);
    EXPECT_EQ(zero.lower, 0.0);
    EXPECT_LT(zero.upper, 1e-8);
  }
}

// L scales with the importances, does not know the order of features, and grows with k.
TEST(CertifiedMinimum, HasTheSymmetriesOfTheLoss) {
  Features features = Features::uniform(2, 0.3);
  features.density(1) = 0.6;
  features.importance(0) = 0.5;
  const CertifiedMinimum result = certify(features, 1, {});
  Features swapped = features, scaled = features;
  swapped.density.reverseInPlace();
  swapped.importance.reverseInPlace();
  scaled.importance *= 3.0;
  for (const auto& [other, factor] :
       {std::pair{certify(swapped, 1, {}), 1.0}, std::pair{certify(scaled, 1, {}), 3.0}}) {
    EXPECT_LE(other.lower, factor * result.upper);
    EXPECT_GE(other.upper, factor * result.lower);
    EXPECT_LE(other.gap(), 1.001e-5 * other.upper);
  }
  const Features three = Features::uniform(3, 0.2);
  const double one = certify(three, 1, 1, 1e-2).upper, two = certify(three, 1, 2, 1e-2).lower;
  EXPECT_LT(one, two);
}

// A feature that is never active, or whose output does not count, is as good as absent; densities
// of 1 are legal.
TEST(CertifiedMinimum, IsThatOfTheOtherFeaturesWhereOneIsIdle) {
  const CertifiedMinimum two = certify(Features::uniform(2, 0.2), 1, {}, 1e-4);
  Features never = Features::uniform(3, 0.2), worthless = never, always = Features::uniform(2, 0.3);
  never.density(0) = 0.0;
  worthless.importance(2) = 0.0;
  for (const Features& features : {never, worthless}) {
    const CertifiedMinimum three = certify(features, 1, {}, 1e-4);
    EXPECT_EQ(three.stop_reason, CertifyStop::gap);
    EXPECT_LE(three.lower, two.upper);
    EXPECT_GE(three.upper, two.lower);
    EXPECT_LE(three.gap(), 1.001e-4 * three.upper);
  }
  always.density(0) = 1.0;
  const CertifiedMinimum dense = certify(always, 1, {}, 1e-3);
  EXPECT_EQ(dense.stop_reason, CertifyStop::gap);
  EXPECT_NEAR(dense.upper, exact::loss(dense.model, always).value, 1e-7);
}

TEST(CertifiedMinimum, SaysWhereNoDomainIsProven) {
  // On Q1 alone, the column of a feature that does not count may shift the others' thresholds.
  Features features = Features::uniform(3, 0.2);
  features.importance(2) = 0.0;
  features.density(1) = 0.4;
  const CertifiedMinimum result = certify(features, 1, 2);
  EXPECT_EQ(result.stop_reason, CertifyStop::domain);
  EXPECT_EQ(result.lower, 0.0);
  EXPECT_EQ(result.boxes, 0u);
}

TEST(CertifiedMinimum, DoesNotDependOnThreads) {
  CertifyOptions options;
  options.max_boxes = 6000;
  const Features features = Features::uniform(3, 0.1);
  const CertifiedMinimum one = certify_minimum(features, 1, options);
  EXPECT_EQ(one.stop_reason, CertifyStop::boxes);
  EXPECT_GT(one.lower, 0.0);
  for (const int threads : {2, 5}) {
    options.threads = threads;
    const CertifiedMinimum other = certify_minimum(features, 1, options);
    EXPECT_EQ(other.open, one.open);
    EXPECT_EQ(other.lower, one.lower);
    EXPECT_EQ(other.upper, one.upper);
    EXPECT_EQ(other.model.W, one.model.W);
    EXPECT_EQ(other.boxes, one.boxes);
  }
}

TEST(CertifiedMinimum, GoesOnFromWhereItWasInterrupted) {
  const Features features = Features::uniform(2, 0.5);
  std::vector<double> lower;
  const CertifiedMinimum whole = certify_minimum(features, 1, {}, [&](const CertifiedMinimum& s) {
    lower.push_back(s.lower);
    return true;
  });
  EXPECT_TRUE(std::is_sorted(lower.begin(), lower.end()));
  for (const std::uint64_t stop : {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{12}}) {
    const CertifiedMinimum part = certify_minimum(
        features, 1, {}, [&](const CertifiedMinimum& s) { return s.rounds < stop; });
    EXPECT_EQ(part.stop_reason, CertifyStop::interrupted);
    EXPECT_EQ(part.rounds, stop);
    const CertifiedMinimum rest = certify_minimum(features, 1, {}, {}, &part);
    EXPECT_EQ(rest.stop_reason, CertifyStop::gap);
    EXPECT_EQ(rest.lower, whole.lower);
    EXPECT_EQ(rest.upper, whole.upper);
    EXPECT_EQ(rest.boxes, whole.boxes);
    EXPECT_EQ(rest.open, whole.open);
    EXPECT_EQ(rest.model.W, whole.model.W);
    EXPECT_EQ(rest.model.b, whole.model.b);
  }
}

// A state that was tampered with must not come out as a proof.
TEST(CertifiedMinimum, RefusesAStateThatNoSearchLeaves) {
  const Features features = Features::uniform(2, 0.5);
  const CertifiedMinimum good =
      certify_minimum(features, 1, {}, [&](const CertifiedMinimum& s) { return s.rounds < 3; });
  ASSERT_FALSE(good.open.empty());
  const auto message = [&](auto change) {
    CertifiedMinimum state = good;
    change(state);
    try {
      certify_minimum(features, 1, {}, {}, &state);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  using ::testing::HasSubstr;
  EXPECT_EQ(message([](auto&) {}), "");
  EXPECT_THAT(message([](auto& s) { s.lower = 1e9; }), HasSubstr("lower = 1000000000"));
  EXPECT_THAT(message([](auto& s) { s.lower = nan; }), HasSubstr("lower = nan"));
  EXPECT_THAT(message([](auto& s) { s.upper = 0.0; }), HasSubstr("upper = 0, but its model"));
  EXPECT_THAT(message([](auto& s) { s.upper = nan; }), HasSubstr("upper = nan"));
  EXPECT_THAT(message([](auto& s) { s.model.b(1) += 0.25; }), HasSubstr("but its model"));
  EXPECT_THAT(message([](auto& s) { s.open.clear(); }), HasSubstr("no box is open"));
  EXPECT_THAT(message([](auto& s) { s.open[0] = nan; }), HasSubstr("its bound is nan"));
  EXPECT_THAT(message([](auto& s) { s.open[0] = 1e9; }), HasSubstr("but it has a model of loss"));
  EXPECT_THAT(message([](auto& s) { std::swap(s.open[1], s.open[1 + 2]); }),
              HasSubstr("in the wrong order"));
  EXPECT_THAT(message([](auto& s) { s.open[3] = 1e3; }), HasSubstr("beyond radius"));
  const auto unsearched = [](CertifiedMinimum& s) {
    s.radius = std::numeric_limits<double>::infinity();
    s.lower = 0.5 * s.upper;
  };
  EXPECT_THAT(message(unsearched), HasSubstr("nothing was searched"));
  EXPECT_EQ(message([](auto& s) { s.radius = nan; }), "") << "begins anew";
}

// The asked gap is relative to the minimum, however small that is: an antipodal pair loses
// 2 E min(x_1, x_2)² = p²/3 less what better thresholds gain, some .016 p of it.
TEST(CertifiedMinimum, KeepsTheAskedGapForRareFeatures) {
  for (const double p : {1e-2, 1e-3, 1e-4, 1e-5}) {
    const CertifiedMinimum result = certify(Features::uniform(2, p), 1, {});
    EXPECT_EQ(result.stop_reason, CertifyStop::gap) << p;
    EXPECT_LE(result.gap(), 1e-5 * result.upper * (1 + 1e-9)) << p;
    EXPECT_NEAR(result.lower / (p * p), 1.0 / 3.0, 0.016 * p + 1e-5) << p;
  }
}

// At p = 1e-9 the terms that cancel are 1e9 times the minimum: it says so, and the bounds hold.
TEST(CertifiedMinimum, SaysWhereRoundingForbidsTheAskedGap) {
  const CertifiedMinimum result = certify(Features::uniform(2, 1e-9), 1, {});
  EXPECT_EQ(result.stop_reason, CertifyStop::rounding);
  EXPECT_GT(result.lower, 0.9 / 3e18);
  EXPECT_LE(result.lower, 1.0 / 3e18);
  EXPECT_GE(result.upper, (1.0 - 1e-9) / 3e18);
  EXPECT_LT(result.upper, 1.01 / 3e18);
  EXPECT_GT(result.gap(), 1e-5 * result.upper);
}

// Importances times 2^k: the same search to the bit; at both ends of the range a true interval.
TEST(CertifiedMinimum, OnlyScalesWithTheImportances) {
  const CertifiedMinimum one = certify(Features::uniform(2, 0.1), 1, {});
  for (const int k : {-990, -33, 33, 990}) {
    const double c = std::ldexp(1.0, k);
    const CertifiedMinimum other = certify(Features::uniform(2, 0.1, c), 1, {});
    EXPECT_EQ(other.lower, c * one.lower) << k;
    EXPECT_EQ(other.upper, c * one.upper);
    EXPECT_EQ(other.boxes, one.boxes);
    EXPECT_EQ(other.model.W, one.model.W);
  }
  const CertifiedMinimum large = certify(Features::uniform(2, 0.1, 1e308), 1, {});
  EXPECT_EQ(large.stop_reason, CertifyStop::gap);
  EXPECT_NEAR(large.lower / 1e308, one.lower, 1e-5 * one.lower);
  const CertifiedMinimum tiny = certify(Features::uniform(2, 0.1, 1e-320), 1, {});
  EXPECT_EQ(tiny.stop_reason, CertifyStop::gap);
  const double step = std::numeric_limits<double>::denorm_min();
  // v = 1e-320 is 2024 steps; the minimum, 6.7 of them, lies between two.
  const double minimum = one.lower * (1e-320 / step);
  EXPECT_EQ(tiny.lower / step, std::floor(minimum));
  EXPECT_EQ(tiny.upper / step, std::ceil(minimum));
}

// Of pairs both bounds are proven once more on intervals: a lower bound that no search should have
// found is taken back, as far as it must be.
TEST(CertifiedMinimum, OfPairsIsRoundedOutwards) {
  std::mt19937_64 random(4);
  for (int repeat = 0; repeat < testing::scaled(6, 2); ++repeat) {
    Features features = testing::random_features(2, 0.8, random);
    features.density = features.density.cwiseMax(0.01);
    const Statement statement(features, 1, {});
    ASSERT_TRUE(is_pair(statement));
    CertifiedMinimum state = certify(features, 1, {});
    EXPECT_EQ(state.stop_reason, CertifyStop::gap);
    const double lower = state.lower, upper = state.upper;
    round_outwards(statement, state);
    EXPECT_EQ(state.lower, lower);
    EXPECT_EQ(state.upper, upper);
    state.lower = upper * (1.0 + 1e-9);
    round_outwards(statement, state);
    EXPECT_EQ(state.stop_reason, CertifyStop::rounding);
    EXPECT_LE(state.lower, upper);
    EXPECT_GE(state.lower, upper * (1.0 - 1e-4));
    state.upper = 0.5 * upper;
    round_outwards(statement, state);
    EXPECT_GE(state.upper, upper * (1.0 - 1e-5));
  }
  EXPECT_FALSE(is_pair(Statement(Features::uniform(2, 1e-4), 1, {})));
  EXPECT_FALSE(is_pair(Statement(Features::uniform(3, 0.1), 1, {})));
  EXPECT_FALSE(is_pair(Statement(Features::uniform(2, 0.1), 1, {.skeletons = 1})));
}

TEST(CertifiedMinimum, RefusesWhatItCannotDo) {
  const Features two = Features::uniform(2, 0.1);
  EXPECT_THROW(certify_minimum(Features::uniform(9, 0.1), 1), std::invalid_argument);
  EXPECT_THROW(certify_minimum(Features::uniform(6, 0.1), 1), std::invalid_argument);
  EXPECT_THROW(certify_minimum(two, 0), std::invalid_argument);
  EXPECT_THROW(certify_minimum(two, 3), std::invalid_argument);
  for (const Index k : {-1, 3}) EXPECT_THROW(certify(two, 1, k), std::invalid_argument);
  EXPECT_THROW(certify(two, 1, {}, -1e-3), std::invalid_argument);
  EXPECT_THROW(certify(Features::uniform(2, 1.5), 1, {}), std::invalid_argument);
  const CertifiedMinimum other = certify(Features::uniform(1, 0.4), 1, {});
  EXPECT_THROW(certify_minimum(two, 1, {}, {}, &other), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::certify
