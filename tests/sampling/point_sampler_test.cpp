#include "skeleta/sampling/point_sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "skeleta/sampling/count_splitter.h"
#include "support.h"

namespace skeleta::sampling {
namespace {

// Rule of all chi-square tests here: fixed seeds; p-value above 1e-4; and each test first shows
// that it would notice a distortion of the size that a mistake makes.
constexpr double least_p_value = 1e-4;

// Splits the points over the skeletons first, as the loop does.
std::vector<std::uint32_t> draw_supports(const Features& features, CountRange range, int points) {
  const CountSplitter splitter(ActiveCount(features.density), range);
  std::vector<std::uint64_t> counts(static_cast<std::size_t>(range.size()));
  splitter.draw({.seed = 5, .purpose = Purpose::counts}, 0, static_cast<std::uint64_t>(points),
                counts);
  const PointSampler sampler(features.density, range.last);
  auto scratch = sampler.scratch();
  SparseBatch batch;
  std::vector<std::uint32_t> supports;
  for (Index l = range.first; l <= range.last; ++l) {
    const StreamKey key{.seed = 5, .stratum = static_cast<std::uint64_t>(l)};
    sampler.draw(l, key, 0, counts[static_cast<std::size_t>(l - range.first)], batch, scratch);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      std::uint32_t support = 0;
      for (const std::int32_t j : batch[i].active) support |= 1u << j;
      EXPECT_EQ(std::popcount(support), l) << "repeated";
      supports.push_back(support);
    }
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
  wrong(2) = 0.36;
  EXPECT_LT(support_p_value(features, {2, 3}, exact_law(wrong, {2, 3})), least_p_value);
}

TEST(PointSampler, ValuesAreUniformAndIndependentOfTheSupport) {
  const PointSampler sampler(Vector::Constant(5, 0.4), 5);
  auto scratch = sampler.scratch();
  SparseBatch batch;
  const int points = testing::scaled(200000, 20000);
  constexpr Index l = 2;
  sampler.draw(l, {}, 0, static_cast<std::size_t>(points), batch, scratch);
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
  // Each feature is active in p = l/D of the points: E x_j = p/2, E x_j² = p/3, within five
  // standard errors.
  const double p = l / 5.0, n = points;
  for (Index j = 0; j < 5; ++j) {
    EXPECT_NEAR(sum(j) / n, p / 2, 5 * std::sqrt((p / 3 - p * p / 4) / n));
    EXPECT_NEAR(squares(j) / n, p / 3, 5 * std::sqrt((p / 5 - p * p / 9) / n));
  }
}

TEST(PointSampler, APointIsAFunctionOfItsIndex) {
  std::mt19937_64 random(3);
  for (const Features& features :
       {Features::uniform(30, 0.2), testing::random_features(30, 0.5, random)}) {
    const PointSampler sampler(features.density, 30);
    auto scratch = sampler.scratch();
    SparseBatch whole, part;
    for (const Index l : {1, 3, 7, 30}) {
      sampler.draw(l, {.seed = 9}, 101, 50, whole, scratch);
      for (std::size_t i = 0; i < 50; ++i) {
        sampler.draw(l, {.seed = 9}, 101 + i, 1, part, scratch);
        ASSERT_TRUE(std::ranges::equal(part[0].active, whole[i].active));
        ASSERT_TRUE(std::ranges::equal(part[0].value, whole[i].value));
      }
    }
  }
}

// Floyd's algorithm as published, from the words of the family's sequence one at a time.
void expect_floyd(Index features, Index l, std::uint64_t first, const SparseBatch& batch,
                  const StreamKey& key) {
  const auto word = [&](std::uint64_t k) {
    PointStream stream(key, 0);
    for (std::uint64_t skipped = 0; skipped < k; ++skipped) stream.word();
    return stream.word();
  };
  const auto count = static_cast<std::uint64_t>(l);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    std::set<std::uint64_t> taken;
    for (std::uint64_t k = 0; k < count; ++k) {
      const std::uint64_t top = static_cast<std::uint64_t>(features) - count + k;
      const auto [t, x] = split(word((first + i) * count + k), top + 1);
      const std::uint64_t feature = taken.contains(t) ? top : t;
      taken.insert(feature);
      ASSERT_EQ(static_cast<std::uint64_t>(batch[i].active[k]), feature) << features << " " << l;
      ASSERT_EQ(batch[i].value[k], x);
    }
  }
}

TEST(PointSampler, DrawsEqualDensitiesByFloydsAlgorithmFromTheFamilysWords) {
  const StreamKey key{.seed = 3, .stratum = 8};
  for (const Index features : {1, 5, 40, 100'000}) {
    const PointSampler sampler(Vector::Constant(features, 0.5), std::min<Index>(features, 40));
    auto scratch = sampler.scratch();
    SparseBatch batch;
    for (const Index l : {1, 2, 5, 16, 17, 40}) {
      if (l > features) continue;
      sampler.draw(l, key, 7, 37, batch, scratch);
      expect_floyd(features, l, 7, batch, key);
    }
  }
}

TEST(PointSampler, ThousandsOfDenseFeaturesDoNotUnderflow) {
  std::mt19937_64 random(4);
  Features features = testing::random_features(5000, 1.0, random);
  features.density(17) = 1.0;
  features.density(18) = 0.0;
  const PointSampler sampler(features.density, 5000);
  auto scratch = sampler.scratch();
  SparseBatch batch;
  constexpr int points = 200;
  const auto l = static_cast<Index>(features.density.sum());
  sampler.draw(l, {}, 0, points, batch, scratch);
  Vector counts = Vector::Zero(5000);
  for (std::size_t i = 0; i < points; ++i) {
    const std::set<std::int32_t> active(batch[i].active.begin(), batch[i].active.end());
    ASSERT_EQ(active.size(), batch[i].count());
    EXPECT_TRUE(active.contains(17));
    EXPECT_FALSE(active.contains(18));
    for (const std::int32_t j : active) ++counts(j);
  }
  // With N near its mean, feature j is active in a part p_j of the points.
  const Vector p = features.density;
  const double chi_square =
      ((counts / points - p).array().square() * points / (p.array() * (1 - p.array())).max(1e-9))
          .sum();
  EXPECT_NEAR(chi_square / 5000, 1.0, 5 * std::sqrt(2.0 / 5000));
}

}  // namespace
}  // namespace skeleta::sampling
