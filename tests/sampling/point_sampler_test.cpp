#include "skeleta/sampling/point_sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "support.h"

namespace skeleta::sampling {
namespace {

// Rule of all chi-square tests here: fixed seeds; p-value above 1e-4; and each test first shows
// that it would notice a distortion of the size that a mistake makes.
constexpr double least_p_value = 1e-4;

std::vector<std::uint32_t> draw_supports(const Features& features, CountRange range, int points) {
  const ActiveCount law(features.density);
  const CountSampler counts(law, range);
  const PointSampler sampler(features, range.last);
  auto scratch = sampler.scratch();
  SparseBatch batch;
  sampler.draw(counts, {.seed = 5}, 0, static_cast<std::size_t>(points), batch, scratch);
  std::vector<std::uint32_t> supports;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    std::uint32_t support = 0;
    for (const std::int32_t j : batch[i].active) support |= 1u << j;
    EXPECT_EQ(static_cast<std::size_t>(std::popcount(support)), batch[i].count()) << "repeated";
    supports.push_back(support);
  }
  return supports;
}

// P(support | N in range) by definition.
std::vector<double> exact_law(const Vector& density, CountRange range) {
  std::vector<double> law(std::size_t{1} << density.size());
  double total = 0.0;
  for (std::uint32_t support = 0; support < law.size(); ++support) {
    const auto l = static_cast<Index>(std::popcount(support));
    if (l < range.first || l > range.last) continue;
    law[support] = 1.0;
    for (Index j = 0; j < density.size(); ++j) {
      law[support] *= (support >> j) & 1u ? density(j) : 1.0 - density(j);
    }
    total += law[support];
  }
  for (double& p : law) p /= total;
  return law;
}

double support_p_value(const Features& features, CountRange range, const std::vector<double>& law) {
  const int points = testing::scaled(200000, 20000);
  std::vector<double> observed(law.size(), 0.0), expected;
  for (const std::uint32_t support : draw_supports(features, range, points)) ++observed[support];
  for (const double p : law) expected.push_back(p * points);
  return testing::chi_square_p_value(observed, expected);
}

Features with_density(std::initializer_list<double> density) {
  Features features = Features::uniform(static_cast<Index>(density.size()), 0.0);
  std::copy(density.begin(), density.end(), features.density.begin());
  return features;
}

TEST(PointSampler, SupportsFollowTheLawForEqualDensities) {
  const Features features = Features::uniform(7, 0.3);
  for (const CountRange range : {CountRange{0, 7}, {1, 1}, {3, 3}, {5, 5}, {2, 4}, {7, 7}}) {
    const auto law = exact_law(features.density, range);
    EXPECT_GT(support_p_value(features, range, law), least_p_value)
        << range.first << ".." << range.last;
  }
}

TEST(PointSampler, SupportsFollowTheLawForUnequalDensities) {
  const Features features = with_density({0.02, 0.5, 0.3, 0.9, 0.1, 0.6});
  for (const CountRange range : {CountRange{0, 6}, {1, 1}, {2, 2}, {3, 3}, {2, 5}, {6, 6}}) {
    const auto law = exact_law(features.density, range);
    EXPECT_GT(support_p_value(features, range, law), least_p_value)
        << range.first << ".." << range.last;
  }
}

TEST(PointSampler, SupportsFollowTheLawWithDensitiesZeroAndOne) {
  const Features features = with_density({0.0, 1.0, 0.3, 0.0, 0.4, 1.0, 0.2});
  for (const CountRange range : {CountRange{0, 7}, {2, 2}, {3, 3}, {4, 5}}) {
    const auto law = exact_law(features.density, range);
    EXPECT_GT(support_p_value(features, range, law), least_p_value)
        << range.first << ".." << range.last;
  }
}

TEST(PointSampler, TheChiSquareTestNoticesAWrongLaw) {
  const Features features = with_density({0.02, 0.5, 0.3, 0.9, 0.1, 0.6});
  Vector wrong = features.density;
  wrong(2) = 0.32;
  EXPECT_LT(support_p_value(features, {2, 3}, exact_law(wrong, {2, 3})), least_p_value);
}

TEST(PointSampler, NumbersOfActiveFeaturesFollowTheLaw) {
  const Features features = Features::uniform(2000, 0.1);  // N = 200 ± 13
  const ActiveCount law(features.density);
  const CountSampler counts(law, {0, 2000});
  constexpr int points = 100000;
  std::vector<double> observed(2001, 0.0), expected;
  for (std::uint64_t i = 0; i < points; ++i) {
    ++observed[static_cast<std::size_t>(counts(PointStream({}, i).word()))];
  }
  for (Index l = 0; l <= 2000; ++l) expected.push_back(points * law.probability(l));
  EXPECT_GT(testing::chi_square_p_value(observed, expected), least_p_value);
}

TEST(PointSampler, ValuesAreUniformAndIndependentOfTheSupport) {
  const Features features = Features::uniform(5, 0.4);
  const ActiveCount law(features.density);
  const CountSampler counts(law, {0, 5});
  const PointSampler sampler(features, 5);
  auto scratch = sampler.scratch();
  SparseBatch batch;
  const int points = testing::scaled(200000, 20000);
  sampler.draw(counts, {}, 0, static_cast<std::size_t>(points), batch, scratch);
  constexpr int cells = 20;
  std::vector<double> observed(5 * cells, 0.0);
  Vector sum = Vector::Zero(5), squares = Vector::Zero(5);
  double total = 0.0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    for (std::size_t k = 0; k < batch[i].count(); ++k) {
      const auto j = batch[i].active[k];
      const double x = batch[i].value[k];
      ++observed[static_cast<std::size_t>(j * cells + static_cast<int>(x * cells))];
      sum(j) += x;
      squares(j) += x * x;
      ++total;
    }
  }
  const std::vector<double> expected(observed.size(), total / static_cast<double>(observed.size()));
  EXPECT_GT(testing::chi_square_p_value(observed, expected), least_p_value);
  // E x_j = p/2 and E x_j² = p/3, within five standard errors.
  const double p = 0.4, n = points;
  for (Index j = 0; j < 5; ++j) {
    EXPECT_NEAR(sum(j) / n, p / 2, 5 * std::sqrt((p / 3 - p * p / 4) / n));
    EXPECT_NEAR(squares(j) / n, p / 3, 5 * std::sqrt((p / 5 - p * p / 9) / n));
  }
}

TEST(PointSampler, APointIsAFunctionOfItsIndex) {
  std::mt19937_64 random(3);
  for (const Features& features :
       {Features::uniform(30, 0.2), testing::random_features(30, 0.5, random)}) {
    const ActiveCount law(features.density);
    const CountSampler counts(law, {0, 30});
    const PointSampler sampler(features, 30);
    auto scratch = sampler.scratch();
    SparseBatch whole, part;
    sampler.draw(counts, {.seed = 9}, 100, 50, whole, scratch);
    for (std::size_t i = 0; i < 50; ++i) {
      sampler.draw(counts, {.seed = 9}, 100 + i, 1, part, scratch);
      ASSERT_TRUE(std::ranges::equal(part[0].active, whole[i].active));
      ASSERT_TRUE(std::ranges::equal(part[0].value, whole[i].value));
    }
  }
}

TEST(PointSampler, ThousandsOfDenseFeaturesDoNotUnderflow) {
  std::mt19937_64 random(4);
  Features features = testing::random_features(5000, 1.0, random);
  features.density(17) = 1.0;
  features.density(18) = 0.0;
  const ActiveCount law(features.density);
  const CountSampler counts(law, {0, 5000});
  const PointSampler sampler(features, 5000);
  auto scratch = sampler.scratch();
  SparseBatch batch;
  constexpr int points = 200;
  sampler.draw(counts, {}, 0, points, batch, scratch);
  double total = 0.0;
  for (std::size_t i = 0; i < points; ++i) {
    const std::set<std::int32_t> active(batch[i].active.begin(), batch[i].active.end());
    ASSERT_EQ(active.size(), batch[i].count());
    EXPECT_TRUE(active.contains(17));
    EXPECT_FALSE(active.contains(18));
    total += static_cast<double>(active.size());
  }
  const double variance = (features.density.array() * (1 - features.density.array())).sum();
  EXPECT_NEAR(total / points, features.density.sum(), 5 * std::sqrt(variance / points));
}

TEST(CountSampler, RefusesAnImpossibleRange) {
  const ActiveCount law(Vector::Constant(3, 1.0));
  EXPECT_THROW(CountSampler(law, {0, 2}), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::sampling
