#include "certify/edge_problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace skeleta::certify {
namespace {

// min E_5 and min E_6, as the first proof had them.
constexpr double pentagon = 0.0791281353724, hexagon = 0.2891542561890;

const PolygonProof& hexagon_proof() {
  static const PolygonProof proof = prove_polygon(6, 2);
  return proof;
}

// What a competitor may pay: upper − min E_{k−1} and upper − min E_{k−2}.
struct Margin {
  const PolygonStage& stage;
  double without_one, one, two;
};
std::vector<Margin> margins() {
  const auto& stages = hexagon_proof().stages;
  return {{stages[0], 0.0, pentagon, pentagon},
          {stages[1], stages[0].lower, hexagon - pentagon, hexagon}};
}

// The cost of an end, min_b [S(r², b) + φ(rs cos θ; b)], falls with θ: where it is `cost`.
double angle_of(double r, double s, bool both, double cost) {
  const Threshold P{1.0, 1.0};
  double low = 0.0, high = 1.57;
  for (int n = 0; n < 60; ++n) {
    const double angle = 0.5 * (low + high), g = r * s * std::cos(angle);
    const double paid = P.least_at(r * r, g) + (both ? P.least_at(s * s, g) : 0.0);
    (paid > cost ? low : high) = angle;
  }
  return 0.5 * (low + high);
}

// A limit that is wrong by 1e-6 is seen: boxes that are hardly more than a point, at both sides.
TEST(EdgeProblem, LimitsAreSharp) {
  for (const Margin& margin : margins()) {
    const EdgeProblem problem(margin.stage, {margin.stage, margin.without_one, 0.0});
    ASSERT_EQ(problem.fault(), "");
    const auto holds = [&](double r, double s, double angle, char reason) {
      return problem.holds({Interval(r), Interval(s), Interval(angle)}, reason);
    };
    for (const double r : {1.30, 1.35}) {
      const double s = 1.40, below = 1.0 - 1e-7, above = 1.0 + 1e-7;
      EXPECT_FALSE(holds(r, s, angle_of(r, s, false, below * margin.one), 'r'));
      EXPECT_TRUE(holds(r, s, angle_of(r, s, false, above * margin.one), 'r'));
      EXPECT_FALSE(holds(s, r, angle_of(r, s, false, below * margin.one), 's'));
      EXPECT_TRUE(holds(s, r, angle_of(r, s, false, above * margin.one), 's'));
      EXPECT_FALSE(holds(r, s, angle_of(r, s, true, below * margin.two), 'p'));
      EXPECT_TRUE(holds(r, s, angle_of(r, s, true, above * margin.two), 'p'));
    }
  }
}

// The same of what check() takes the limits from: the longest column that it lets pass is the one
// with ⅓((r² − 1)/(r² + 1))² = ℓ₁.
TEST(EdgeProblem, ChecksTakeTheSameLimits) {
  for (std::size_t n = 0; n < 2; ++n) {
    const double share = std::sqrt(3.0 * margins()[n].one);
    const double longest = std::sqrt((1.0 + share) / (1.0 - share));
    PolygonProof proof = hexagon_proof();
    proof.stages.resize(n + 1);
    proof.stages[n].longest = longest * (1.0 - 1e-8);
    EXPECT_THAT(check(proof).value().cause, ::testing::HasSubstr("may be longer"));
    proof.stages[n].longest = longest * (1.0 + 1e-8);
    EXPECT_THAT(check(proof).value().cause, ::testing::Not(::testing::HasSubstr("longer")));
  }
}

TEST(EdgeProblem, RefusesAMinimumBelowZero) {
  PolygonProof proof = hexagon_proof();
  proof.stages.resize(1);
  proof.stages[0].lower = -1e-3;
  EXPECT_THAT(check(proof).value().cause, ::testing::HasSubstr("begins below 0"));
}

}  // namespace
}  // namespace skeleta::certify
