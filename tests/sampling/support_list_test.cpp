#include "sampling/support_list.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>

#include "skeleta/measure/active_count.h"
#include "support.h"

namespace skeleta::sampling {
namespace {

Vector density_of(std::initializer_list<double> entries) {
  Vector density(static_cast<Index>(entries.size()));
  std::copy(entries.begin(), entries.end(), density.begin());
  return density;
}

Matrix random_table(Index features, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Matrix table(features, features);
  for (Index j = 0; j < features; ++j) {
    for (Index k = 0; k <= j; ++k) table(j, k) = table(k, j) = normal(random);
  }
  return table;
}

// Σ_j G_jk over the support, for each of its features.
std::vector<double> sums(const Matrix& table, std::span<const std::int32_t> support) {
  std::vector<double> result;
  for (const std::int32_t k : support) {
    double sum = 0.0;
    for (const std::int32_t j : support) sum += table(j, k);
    result.push_back(sum);
  }
  return result;
}

// P(support | N = l) by definition.
std::map<std::set<std::int32_t>, double> exact_law(const Vector& density, Index l) {
  std::map<std::set<std::int32_t>, double> law;
  double total = 0.0;
  for (std::uint32_t bits = 0; bits < (1u << density.size()); ++bits) {
    if (std::popcount(bits) != l) continue;
    double p = 1.0;
    std::set<std::int32_t> support;
    for (Index j = 0; j < density.size(); ++j) {
      const bool active = (bits >> j) & 1u;
      p *= active ? density(j) : 1.0 - density(j);
      if (active) support.insert(static_cast<std::int32_t>(j));
    }
    if (p > 0.0) law[support] = p;
    total += p;
  }
  for (auto& [support, p] : law) p /= total;
  return law;
}

// Each support owns one interval of u, as long as it is probable: M equally spaced u's fall on it
// P·M times, give or take one.
void expect_the_law(const Vector& density, Index l, const Matrix& table) {
  const auto list = SupportList::make(density, l, table);
  ASSERT_TRUE(list.has_value());
  const auto law = exact_law(density, l);
  constexpr int bits = 16;
  std::map<std::set<std::int32_t>, int> hits, intervals;
  std::set<std::int32_t> previous{-1};
  for (std::uint64_t i = 0; i < (std::uint64_t{1} << bits); ++i) {
    const auto active = list->at(i << (64 - bits) | std::uint64_t{1} << (63 - bits));
    const std::set<std::int32_t> support(active.begin(), active.end());
    ASSERT_EQ(support.size(), static_cast<std::size_t>(l)) << "repeated";
    ++hits[support];
    if (support != previous) ++intervals[support];
    previous = support;
  }
  for (const auto& [support, count] : hits) {
    ASSERT_TRUE(law.contains(support)) << "impossible";
    EXPECT_EQ(intervals[support], 1) << "in two places";
  }
  for (const auto& [support, p] : law) EXPECT_NEAR(hits[support], std::ldexp(p, bits), 1.001);
  EXPECT_EQ(list->size(), law.size());
}

TEST(SupportList, EachSupportHasItsProbability) {
  const Vector equal = Vector::Constant(7, 0.3);
  const Vector unequal = density_of({0.02, 0.5, 0.3, 0.9, 0.1, 0.6});
  const Vector ends = density_of({0.0, 1.0, 0.3, 0.0, 0.4, 1.0, 0.2});
  for (Index l = 0; l <= 7; ++l) expect_the_law(equal, l, random_table(7, 1));
  for (Index l = 0; l <= 6; ++l) expect_the_law(unequal, l, random_table(6, 2));
  for (Index l = 2; l <= 5; ++l) expect_the_law(ends, l, random_table(7, 3));
  expect_the_law(equal, 3, Matrix());
  expect_the_law(unequal, 3, Matrix());
}

TEST(SupportList, TheEndsOfTheIntervalAreSupportsToo) {
  const auto list = SupportList::make(density_of({0.2, 0.5, 1e-300, 0.9}), 2, Matrix());
  EXPECT_EQ(list->at(0).size(), 2u);
  EXPECT_EQ(list->at(~std::uint64_t{0}).size(), 2u);
}

// Visits the supports in the order of the list.
template <class Visit>
void for_each_support(const SupportList& list, const Visit& visit) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const double u = (static_cast<double>(i) + 0.5) / static_cast<double>(list.size());
    visit(list.at(static_cast<std::uint64_t>(std::ldexp(u, 64))));
  }
}

TEST(SupportList, OneActiveFeatureGoesByTheDiagonal) {
  const Matrix table = random_table(30, 4);
  double last = -1e300;
  for_each_support(*SupportList::make(Vector::Constant(30, 0.1), 1, table), [&](auto support) {
    EXPECT_GE(table(support[0], support[0]), last);
    last = table(support[0], support[0]);
  });
}

TEST(SupportList, TwoActiveFeaturesGoByTheirInterference) {
  Matrix table = random_table(20, 5);
  table.diagonal().setZero();
  double last = -1e300;
  for_each_support(*SupportList::make(Vector::Constant(20, 0.1), 2, table), [&](auto support) {
    EXPECT_GE(table(support[0], support[1]), last);
    last = table(support[0], support[1]);
  });
}

TEST(SupportList, FeaturesGoBySumsWithinTheirSupport) {
  const Matrix table = random_table(10, 6);
  for_each_support(*SupportList::make(Vector::Constant(10, 0.1), 4, table), [&](auto support) {
    const std::vector<double> s = sums(table, support);
    EXPECT_TRUE(std::ranges::is_sorted(s));
  });
}

TEST(SupportList, NeighboursLookAlike) {
  // Squared distance of the sums of neighbours relative to that of supports in order of
  // enumeration. In three dimensions a perfect tree of C cells has side C^(−1/3): about 0.01 for
  // C = 4060; lexicographic neighbours share two features of three.
  const Matrix table = random_table(30, 7);
  const auto roughness = [&](const Matrix& order) {
    double total = 0.0;
    std::vector<double> last;
    for_each_support(*SupportList::make(Vector::Constant(30, 0.1), 3, order), [&](auto support) {
      std::vector<double> s = sums(table, support);
      std::ranges::sort(s);
      if (!last.empty()) {
        for (std::size_t k = 0; k < 3; ++k) total += (s[k] - last[k]) * (s[k] - last[k]);
      }
      last = s;
    });
    return total;
  };
  EXPECT_LT(roughness(table), 0.1 * roughness(Matrix()));
}

TEST(SupportList, LongListsAreNotMade) {
  EXPECT_TRUE(SupportList::make(Vector::Constant(80, 0.1), 3, Matrix()));    // 82 160
  EXPECT_FALSE(SupportList::make(Vector::Constant(100, 0.1), 3, Matrix()));  // 161 700
  EXPECT_FALSE(SupportList::make(Vector::Constant(5000, 0.1), 2500, Matrix()));
  EXPECT_FALSE(SupportList::make(Vector::Constant(1000, 0.1), 999, Matrix()));  // too many terms
  EXPECT_TRUE(SupportList::make(Vector::Constant(2000, 1.0), 2000, Matrix()));
}

TEST(SupportList, RefusesWhatCannotBe) {
  EXPECT_THROW(SupportList::make(Vector::Constant(5, 0.1), 6, Matrix()), std::invalid_argument);
  EXPECT_THROW(SupportList::make(Vector::Constant(5, 0.1), -1, Matrix()), std::invalid_argument);
  EXPECT_THROW(SupportList::make(Vector::Constant(5, 1.0), 4, Matrix()), std::invalid_argument);
  EXPECT_THROW(SupportList::make(Vector::Constant(5, 0.0), 1, Matrix()), std::invalid_argument);
  EXPECT_THROW(SupportList::make(Vector::Constant(5, 0.1), 2, Matrix::Zero(4, 4)),
               std::invalid_argument);
  EXPECT_THROW(SupportList::make(Vector::Constant(5, 0.1), 2, Matrix::Constant(5, 5, NAN)),
               std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::sampling
