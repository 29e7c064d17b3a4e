#include "skeleta/bounds/count_tail.h"

#include <gtest/gtest.h>

#include <cmath>

#include "skeleta/measure/active_count.h"
#include "support.h"

namespace skeleta::bounds {
namespace {

TEST(CountTails, AreTheKnownOnes) {
  const Vector density = Vector::Constant(5, 0.05);
  const auto tails = count_tails(density, 5);
  ASSERT_EQ(tails.size(), 6u);
  EXPECT_EQ(tails[0].exact, 1.0);
  EXPECT_EQ(tails[0].union_bound, 1.0);
  EXPECT_NEAR(tails[2].exact, 1 - std::pow(.95, 5) - 5 * .05 * std::pow(.95, 4), 1e-15);
  EXPECT_NEAR(tails[2].union_bound, 10 * .05 * .05, 1e-16);
  EXPECT_NEAR(tails[5].union_bound, tails[5].exact, 1e-21);  // p⁵, both
  EXPECT_NEAR(tails[2].poisson, 1 - std::exp(-.25) * 1.25, 1e-15);
  EXPECT_NEAR(tails[2].poisson_error, 5 * .0025, 1e-16);
  // MATH: a setting of the literature that is not 1-sparse at all.
  EXPECT_NEAR(count_tails(Vector::Constant(400, 0.01), 2)[2].exact, 0.9095, 5e-5);
}

TEST(CountTails, BoundsHoldForUnequalDensities) {
  std::mt19937_64 random(1);
  for (int repeat = 0; repeat < 200; ++repeat) {
    const Vector density =
        testing::random_features(1 + repeat % 12, repeat % 2 ? 1.0 : 0.05, random).density;
    double difference = 0.0;
    const auto tails = count_tails(density, density.size());
    for (const CountTail& tail : tails) {
      EXPECT_GE(tail.union_bound, tail.exact * (1 - 1e-14));
      EXPECT_GE(tail.chernoff, tail.exact * (1 - 1e-14));
      EXPECT_LE(std::abs(tail.poisson - tail.exact), tail.poisson_error + 1e-15);
      difference = std::max(difference, std::abs(tail.poisson - tail.exact));
    }
    EXPECT_NEAR(tails.back().union_bound, density.prod(), 1e-14 * density.prod());
    EXPECT_GT(difference, 0.0);
  }
}

// Roots of the binomial expressions, by mpmath at 40 digits.
TEST(LargestScale, IsTheRootToTheLastDigits) {
  struct Known {
    Index features;
    double epsilon, two_active, ratio;
  };
  for (const Known& known : {Known{5, 0.01, 0.032682112200602880448, 0.0049505559538806063965},
                             {400, 0.01, 0.00037178284249798953936, 0.000049792252715057750955},
                             {80, 0.1, 0.0066672843243190356727, 0.0023720399898246235771},
                             {2, 0.25, 0.5, 1.0 / 3.0}}) {
    const Vector equal = Vector::Ones(known.features);
    EXPECT_NEAR(largest_scale(equal, known.epsilon, OneSparseMeasure::two_active), known.two_active,
                1e-14 * known.two_active);
    EXPECT_NEAR(largest_scale(equal, known.epsilon, OneSparseMeasure::ratio), known.ratio,
                1e-14 * known.ratio);
  }
}

TEST(LargestScale, IsWhereUnequalDensitiesReachEpsilon) {
  std::mt19937_64 random(2);
  for (const double epsilon : {1e-12, 1e-4, 0.3}) {
    const Vector density = testing::random_features(9, 0.7, random).density;
    const double two = largest_scale(density, epsilon, OneSparseMeasure::two_active);
    EXPECT_NEAR(ActiveCount(two * density).at_least(2), epsilon, 1e-13 * epsilon);
    const double ratio = largest_scale(density, epsilon, OneSparseMeasure::ratio);
    const ActiveCount at(ratio * density);
    EXPECT_NEAR(at.at_least(2) / at.probability(1), epsilon, 1e-13 * epsilon);
    EXPECT_LT(ratio, two);
    EXPECT_NEAR(largest_scale(0.5 * density, epsilon, OneSparseMeasure::ratio), 2 * ratio,
                1e-13 * ratio);
  }
}

TEST(LargestScale, EndsWhereADensityIsOne) {
  EXPECT_EQ(largest_scale(Vector::Ones(1), 0.1, OneSparseMeasure::two_active), 1.0);
  EXPECT_EQ(largest_scale(Vector::Ones(1), 0.1, OneSparseMeasure::ratio), 1.0);
  const Vector lopsided = (Vector(2) << 0.5, 0.001).finished();
  EXPECT_EQ(largest_scale(lopsided, 0.1, OneSparseMeasure::two_active), 2.0);
}

TEST(OneSparseTable, HasTheSameNumbers) {
  const std::vector<double> sparsities = {0.0, 0.5, 0.95, 0.999, 1.0};
  const auto rows = one_sparse_table(20, sparsities);
  ASSERT_EQ(rows.size(), sparsities.size());
  for (std::size_t n = 0; n < rows.size(); ++n) {
    const double p = 1.0 - sparsities[n];
    EXPECT_NEAR(rows[n].none, std::pow(1 - p, 20), 1e-15);
    EXPECT_NEAR(rows[n].one, 20 * p * std::pow(1 - p, 19), 1e-14);
    const CountTail tail = count_tails(Vector::Constant(20, p), 2)[2];
    EXPECT_EQ(rows[n].two.exact, tail.exact);
    EXPECT_NEAR(rows[n].two.union_bound, tail.union_bound, 1e-14);
    EXPECT_EQ(rows[n].two.poisson, tail.poisson);
  }
  EXPECT_EQ(rows.back().ratio, 0.0);
  EXPECT_NEAR(rows[2].ratio, rows[2].two.exact / rows[2].one, 1e-15);
}

TEST(CountTails, RefuseWhatIsNoDensity) {
  const Vector good = Vector::Constant(3, 0.2);
  EXPECT_THROW(count_tails(Vector(), 0), std::invalid_argument);
  EXPECT_THROW(count_tails(2 * Vector::Ones(2), 1), std::invalid_argument);
  EXPECT_THROW(count_tails(good, 4), std::invalid_argument);
  EXPECT_THROW(count_tails(good, -1), std::invalid_argument);
  for (const double epsilon : {0.0, 1.0, -0.5, std::nan("")}) {
    EXPECT_THROW(largest_scale(good, epsilon, OneSparseMeasure::ratio), std::invalid_argument);
  }
  EXPECT_THROW(largest_scale(Vector::Zero(3), 0.1, OneSparseMeasure::ratio), std::invalid_argument);
  const double wrong = 1.5;
  EXPECT_THROW(one_sparse_table(3, std::span(&wrong, 1)), std::invalid_argument);
  EXPECT_THROW(one_sparse_table(0, std::span(&wrong, 0)), std::invalid_argument);
}

// Two exclusive pairs: N = 0, 1, 2 with probabilities by hand; beside independent features, for
// which both functions are the same.
TEST(CountTails, KnowGroups) {
  using namespace activity;
  const ActivityTree tree(join({exclusive({feature(0, 0.2), feature(1, 0.3)}),
                                exclusive({feature(2, 0.1), feature(3, 0.3)})}));
  const auto tails = count_tails(tree, 3);
  const double one = 0.5 * 0.6 + 0.5 * 0.4, two = 0.5 * 0.4;
  EXPECT_NEAR(tails[1].exact, one + two, 1e-15);
  EXPECT_NEAR(tails[2].exact, two, 1e-15);
  EXPECT_EQ(tails[3].exact, 0.0);
  EXPECT_NEAR(tails[1].union_bound, 0.9, 1e-15);  // E N
  EXPECT_NEAR(tails[2].union_bound, two, 1e-15);  // E N(N − 1)/2
  for (const CountTail& tail : tails) {
    EXPECT_GE(tail.chernoff, tail.exact);
    EXPECT_LE(std::abs(tail.exact - tail.poisson), tail.poisson_error);
  }
  // min_t (a e^{−2t} + b e^{−t} + c) is at t = ∞ here: P(N = 2) itself.
  EXPECT_NEAR(tails[2].chernoff, two, 1e-15);
  // m = 1: min_t (π_0/s + π_1 + π_2 s) at s² = π_0/π_2.
  EXPECT_NEAR(tails[1].chernoff, std::min(1.0, one + 2.0 * std::sqrt(0.3 * two)), 1e-12);
  const Vector p{{0.2, 0.3, 0.1}};
  EXPECT_EQ(count_tails(ActivityTree::independent(p), 2)[2].chernoff,
            count_tails(p, 2)[2].chernoff);
  EXPECT_THROW(count_tails(tree, 5), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::bounds
