#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <map>

#include "measure/activity_oracle.h"
#include "sampling/quasi_sampler.h"
#include "sampling/support_list.h"
#include "skeleta/sampling/count_splitter.h"
#include "skeleta/sampling/point_sampler.h"
#include "support.h"

namespace skeleta::sampling {
namespace {

using testing::ActivityCase;

// Rule as in point_sampler_test.cpp: fixed seeds, p-value above 1e-4, and a test that shows that
// wrong laws are noticed.
constexpr double least_p_value = 1e-4;

// P(pattern | N in range) by definition.
std::vector<double> exact_law(const ActivityCase& test, CountRange range) {
  const auto patterns = testing::enumerate(test.groups, testing::count_features(test));
  std::vector<double> law(patterns.size(), 0.0);
  double total = 0.0;
  for (std::uint32_t pattern = 0; pattern < law.size(); ++pattern) {
    const auto l = static_cast<Index>(std::popcount(pattern));
    if (l < range.first || l > range.last) continue;
    total += law[pattern] = static_cast<double>(patterns[pattern]);
  }
  for (double& p : law) p = total > 0.0 ? p / total : 0.0;
  return law;
}

std::uint32_t pattern_of(std::span<const std::int32_t> active) {
  std::uint32_t pattern = 0;
  for (const std::int32_t j : active) pattern |= 1u << j;
  EXPECT_EQ(static_cast<std::size_t>(std::popcount(pattern)), active.size()) << "repeated";
  return pattern;
}

DataLaw with_uniform_values(const ActivityCase& test) {
  const ActivityTree tree = testing::to_tree(test.groups);
  return {tree, std::vector<ValueLaw>(static_cast<std::size_t>(tree.features()))};
}

// Counts of patterns of points that are split over the skeletons first, as the loop does.
std::vector<double> observe(const DataLaw& law, CountRange range, std::uint64_t points) {
  const CountSplitter splitter(ActiveCount(law.activity), range);
  std::vector<std::uint64_t> counts(static_cast<std::size_t>(range.size()));
  splitter.draw({.seed = 5, .purpose = Purpose::counts}, 0, points, counts);
  const PointSampler sampler(law, range.last);
  auto scratch = sampler.scratch();
  SparseBatch batch;
  std::vector<double> observed(std::size_t{1} << law.size(), 0.0);
  for (Index l = range.first; l <= range.last; ++l) {
    const StreamKey key{.seed = 6, .stratum = static_cast<std::uint64_t>(l)};
    const auto n = static_cast<std::size_t>(counts[static_cast<std::size_t>(l - range.first)]);
    if (n == 0) continue;
    sampler.draw(l, key, 0, n, batch, scratch);
    for (std::size_t i = 0; i < n; ++i) ++observed[pattern_of(batch[i].active)];
  }
  return observed;
}

double p_value(const std::vector<double>& observed, std::vector<double> law) {
  double points = 0.0;
  for (const double o : observed) points += o;
  for (double& p : law) p *= points;
  return testing::chi_square_p_value(observed, law);
}

TEST(LawSampling, SupportsFollowTheLawOnEachSkeletonAndTogether) {
  const auto points = static_cast<std::uint64_t>(testing::scaled(50'000, 10'000));
  for (const ActivityCase& test : testing::activity_cases()) {
    const DataLaw law = with_uniform_values(test);
    const ActiveCount number(law.activity);
    for (Index l = 0; l <= law.size(); ++l) {
      if (number.probability(l) < 1e-15) continue;
      EXPECT_GT(p_value(observe(law, {l, l}, points), exact_law(test, {l, l})), least_p_value)
          << test.name << " l = " << l;
    }
    const CountRange all{0, law.size()};
    EXPECT_GT(p_value(observe(law, all, points), exact_law(test, all)), least_p_value) << test.name;
  }
}

// Rare parts of one, two and three features: so few try the same part twice that supports are put
// together from parts, whose sizes have a law of their own.
TEST(LawSampling, RarePartsOfUnequalSizesFollowTheLaw) {
  using testing::Group;
  const ActivityCase test{
      "rare parts",
      {testing::leaf(0, 0.1),
       {Group::together, 0.07, {}, -1, {1, 2}},
       {Group::exclusive, 1.0, {testing::leaf(3, 0.05), testing::leaf(4, 0.1)}, -1, {}},
       {Group::parent, 0.09, {testing::leaf(6, 0.5), testing::leaf(7, 0.3)}, 5, {}},
       {Group::together, 0.05, {}, -1, {8, 9, 10}},
       testing::leaf(11, 1.0)}};
  const DataLaw law = with_uniform_values(test);
  const auto points = static_cast<std::uint64_t>(testing::scaled(200'000, 40'000));
  for (Index l = 1; l <= 6; ++l) {
    EXPECT_GT(p_value(observe(law, {l, l}, points), exact_law(test, {l, l})), least_p_value) << l;
  }
}

TEST(LawSampling, TheChiSquareTestNoticesAWrongLaw) {
  auto cases = testing::activity_cases();
  const DataLaw law = with_uniform_values(cases.back());
  auto& child = cases.back().groups[0].members[0].members[1].members[0];
  child.probability = 0.9;  // instead of .8
  EXPECT_LT(p_value(observe(law, {2, 4}, 50'000), exact_law(cases.back(), {2, 4})), least_p_value);
}

TEST(LawSampling, APointIsAFunctionOfItsIndex) {
  DataLaw law = with_uniform_values(testing::activity_cases().back());
  law.values.assign(law.values.size(), ValueLaw::half_normal(2));
  const PointSampler sampler(law, 5);
  auto scratch = sampler.scratch();
  SparseBatch whole, part;
  sampler.draw(3, {.seed = 9}, 101, 50, whole, scratch);
  for (std::size_t i = 0; i < 50; ++i) {
    sampler.draw(3, {.seed = 9}, 101 + i, 1, part, scratch);
    ASSERT_TRUE(std::ranges::equal(part[0].active, whole[i].active));
    ASSERT_TRUE(std::ranges::equal(part[0].value, whole[i].value));
  }
}

// Each value, put back through its own distribution function, is uniform.
TEST(LawSampling, ValuesFollowTheirLaws) {
  const ValueLaw values[] = {ValueLaw::uniform(-1, 1), ValueLaw::exponential(3),
                             ValueLaw::half_normal(0.5), ValueLaw::normal(1, 2)};
  const auto points = static_cast<std::size_t>(testing::scaled(100'000, 20'000));
  for (const bool equal : {true, false}) {
    const Vector density = equal ? Vector(Vector::Constant(4, 0.5)) : Vector{{0.5, 0.2, 0.4, 0.7}};
    const DataLaw law{ActivityTree::independent(density), {std::begin(values), std::end(values)}};
    const PointSampler sampler(law, 4);
    auto scratch = sampler.scratch();
    SparseBatch batch;
    sampler.draw(2, {}, 0, points, batch, scratch);
    constexpr std::size_t cells = 20;
    std::vector<std::vector<double>> observed(4, std::vector<double>(cells, 0.0));
    for (std::size_t i = 0; i < points; ++i) {
      for (std::size_t k = 0; k < 2; ++k) {
        const auto j = static_cast<std::size_t>(batch[i].active[k]);
        const double u = values[j].shortfall(0, batch[i].value[k]);
        ++observed[j][std::min(static_cast<std::size_t>(u * cells), cells - 1)];
      }
    }
    for (const auto& counts : observed) {
      EXPECT_GT(p_value(counts, std::vector<double>(cells, 1.0 / cells)), least_p_value);
    }
  }
}

// Uniform values and independent features: the same points as from the densities, to the bit.
TEST(LawSampling, ThePlainLawKeepsItsBits) {
  for (const Vector& density :
       {Vector(Vector::Constant(30, 0.2)), Vector(Vector::LinSpaced(30, 0.001, 0.99))}) {
    const PointSampler plain(density, 12), general(DataLaw::independent(density), 12);
    auto scratch = plain.scratch();
    SparseBatch a, b;
    for (const Index l : {1, 4, 12}) {
      plain.draw(l, {.seed = 4}, 7, 100, a, scratch);
      general.draw(l, {.seed = 4}, 7, 100, b, scratch);
      EXPECT_TRUE(std::ranges::equal(a.active(), b.active()));
      EXPECT_TRUE(std::ranges::equal(a.value(), b.value()));
    }
  }
}

TEST(LawSampling, ListsHaveEachSupportOnceWithItsProbability) {
  for (const ActivityCase& test : testing::activity_cases()) {
    const ActivityTree tree = testing::to_tree(test.groups);
    const ActiveCount number(tree);
    const Matrix table = Matrix::Random(tree.features(), tree.features());
    for (Index l = 1; l <= tree.features(); ++l) {
      if (number.probability(l) < 1e-15) {
        EXPECT_THROW(SupportList::make(tree, l, Matrix()), std::invalid_argument) << test.name;
        continue;
      }
      const auto law = exact_law(test, {l, l});
      const auto list = SupportList::make(tree, l, table + table.transpose());
      ASSERT_TRUE(list.has_value());
      EXPECT_EQ(list->size(), static_cast<std::size_t>(
                                  std::ranges::count_if(law, [](double p) { return p > 0.0; })))
          << test.name << " l = " << l;
      constexpr int bits = 14;
      std::map<std::uint32_t, int> hits;
      for (std::uint64_t i = 0; i < (std::uint64_t{1} << bits); ++i) {
        ++hits[pattern_of(list->at(i << (64 - bits) | std::uint64_t{1} << (63 - bits)))];
      }
      for (std::uint32_t pattern = 0; pattern < law.size(); ++pattern) {
        EXPECT_NEAR(hits[pattern], std::ldexp(law[pattern], bits), 1.001)
            << test.name << " l = " << l;
      }
    }
  }
}

// Quasi-random points of a listed skeleton and of one that is not: each follows the law, and means
// of smooth functions are much closer than those of as many plain points.
TEST(LawSampling, QuasiRandomPointsFollowTheLaw) {
  constexpr std::size_t points = 1 << 14;
  std::vector<ActivityNodes> pairs;
  for (Index j = 0; j < 60; ++j) {
    pairs.push_back(
        activity::exclusive({activity::feature(2 * j, 0.05), activity::feature(2 * j + 1, 0.1)}));
  }
  const DataLaw law{ActivityTree(activity::join(pairs)),
                    std::vector<ValueLaw>(120, ValueLaw::half_normal(1))};
  for (const Index l : {Index{2}, Index{5}}) {
    const QuasiSampler sampler(law, l, Matrix());
    EXPECT_EQ(sampler.listed(), l == 2);
    auto scratch = sampler.scratch();
    const auto count = static_cast<std::size_t>(l);
    std::vector<std::int32_t> active(points * count);
    std::vector<double> value(points * count);
    sampler.draw({.seed = 3}, 0, points, active, value, scratch);
    std::vector<double> odd(2, 0.0);
    double squares = 0.0;
    for (std::size_t i = 0; i < points; ++i) {
      std::uint64_t groups = 0;
      for (std::size_t k = i * count; k < (i + 1) * count; ++k) {
        const std::uint64_t group = std::uint64_t{1} << (active[k] / 2);
        EXPECT_EQ(groups & group, 0u) << "two of an exclusive group";
        groups |= group;
        ++odd[static_cast<std::size_t>(active[k] % 2)];
        squares += value[k] * value[k];
      }
    }
    const auto n = static_cast<double>(points * count);
    // Given that a group is on, its second member is the active one with probability 2/3.
    EXPECT_NEAR(odd[1] / n, 2.0 / 3.0, l == 2 ? 1e-3 : 5 * std::sqrt(2.0 / 9.0 / n));
    EXPECT_NEAR(squares / n, 1.0, 3e-3);  // plain: √(2/n) = 8e-3, 5e-3
  }
}

// Groups of two among thousands of features: a handful of numbers each.
TEST(LawSampling, ThousandsOfGroupsAreQuick) {
  std::vector<ActivityNodes> pairs;
  for (Index j = 0; j < 2000; ++j) {
    const Index pair[] = {2 * j, 2 * j + 1};
    pairs.push_back(activity::together(pair, 0.001));
  }
  const ActivityTree tree(activity::join(pairs));
  const PointSampler sampler(DataLaw{tree, {}}, 10);
  auto scratch = sampler.scratch();
  SparseBatch batch;
  sampler.draw(8, {}, 0, 1000, batch, scratch);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    std::vector<std::int32_t> active(batch[i].active.begin(), batch[i].active.end());
    std::ranges::sort(active);
    for (std::size_t k = 0; k < 8; k += 2) {
      EXPECT_EQ(active[k] % 2, 0);
      EXPECT_EQ(active[k + 1], active[k] + 1);
    }
  }
  EXPECT_EQ(ActiveCount(tree).probability(7), 0.0);
}

}  // namespace
}  // namespace skeleta::sampling
