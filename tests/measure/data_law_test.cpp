#include "skeleta/measure/data_law.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "measure/activity_oracle.h"

namespace skeleta {
namespace {

using testing::ActivityCase;
using testing::Long;

DataLaw with_values(const ActivityCase& test) {
  const ValueLaw values[] = {ValueLaw(),
                             ValueLaw::uniform(-1, 1),
                             ValueLaw::constant(0.5),
                             ValueLaw::exponential(0.7),
                             ValueLaw::half_normal(1.5),
                             ValueLaw::normal(0.2, 0.4)};
  DataLaw law{testing::to_tree(test.groups), {}};
  for (Index j = 0; j < law.size(); ++j) law.values.push_back(values[j % 6]);
  return law;
}

// E zⁿ for n ≤ 4, of the sum over the features of a pattern: all n-tuples of features.
Long sum_moment(const DataLaw& law, const Vector& g, std::uint32_t pattern, int n) {
  std::vector<int> powers(static_cast<std::size_t>(law.size()), 0);
  const std::function<Long(int)> tuples = [&](int left) -> Long {
    Long total = 0.0L;
    if (left == 0) {
      total = 1.0L;
      for (std::size_t j = 0; j < powers.size(); ++j) {
        total *= std::pow(static_cast<Long>(g(static_cast<Index>(j))), powers[j]) *
                 static_cast<Long>(law.values[j].moment(powers[j]));
      }
      return total;
    }
    for (std::size_t j = 0; j < powers.size(); ++j) {
      if (!((pattern >> j) & 1u)) continue;
      ++powers[j];
      total += tuples(left - 1);
      --powers[j];
    }
    return total;
  };
  return tuples(n);
}

TEST(DataLaw, MomentsOfSumsMatchEnumeration) {
  for (const ActivityCase& test : testing::activity_cases()) {
    const DataLaw law = with_values(test);
    const Index count = law.size();
    if (count > 6) continue;
    const auto patterns = testing::enumerate(test.groups, count);
    const Vector g = Vector::LinSpaced(count, -1.0, 1.7);
    const auto moments = sum_moments(law, g);
    const auto by_count = sum_moments_by_count(law, g, count);
    for (int n = 0; n <= 4; ++n) {
      std::vector<Long> expected(static_cast<std::size_t>(count) + 1, 0.0L);
      Long whole = 0.0L;
      for (std::uint32_t pattern = 0; pattern < patterns.size(); ++pattern) {
        const Long term = patterns[pattern] * sum_moment(law, g, pattern, n);
        expected[static_cast<std::size_t>(std::popcount(pattern))] += term;
        whole += term;
      }
      const auto at = static_cast<std::size_t>(n);
      EXPECT_NEAR(moments[at], static_cast<double>(whole), 1e-13) << test.name << " n = " << n;
      for (std::size_t l = 0; l < expected.size(); ++l) {
        EXPECT_NEAR(by_count[l][at], static_cast<double>(expected[l]), 1e-13)
            << test.name << " l = " << l;
      }
    }
  }
}

TEST(DataLaw, MomentsOfFeaturesMatchEnumeration) {
  for (const ActivityCase& test : testing::activity_cases()) {
    const DataLaw law = with_values(test);
    const Index count = law.size();
    const auto patterns = testing::enumerate(test.groups, count);
    const auto active = [&](std::uint32_t set) {
      Long sum = 0.0L;
      for (std::uint32_t pattern = 0; pattern < patterns.size(); ++pattern) {
        if ((pattern & set) == set) sum += patterns[pattern];
      }
      return static_cast<double>(sum);
    };
    const Vector mean = means(law), second = second_moments(law);
    const Matrix matrix = moment_matrix(law);
    const auto value = [&](Index j, int k) {
      return law.values[static_cast<std::size_t>(j)].moment(k);
    };
    for (Index i = 0; i < count; ++i) {
      EXPECT_NEAR(mean(i), active(1u << i) * value(i, 1), 1e-15);
      EXPECT_NEAR(second(i), active(1u << i) * value(i, 2), 1e-14);
      for (Index j = 0; j < count; ++j) {
        const double expected =
            i == j ? second(i) : active(1u << i | 1u << j) * value(i, 1) * value(j, 1);
        EXPECT_NEAR(matrix(i, j), expected, 1e-15) << test.name;
      }
    }
    const Power fourth[] = {{0, 1}, {count - 1, 3}};
    EXPECT_NEAR(mean_of_product(law, fourth),
                active(1u | 1u << (count - 1)) * value(0, 1) * value(count - 1, 3), 1e-15);
  }
}

TEST(DataLaw, ActivityByCountMatchesEnumeration) {
  for (const ActivityCase& test : testing::activity_cases()) {
    const ActivityTree tree = testing::to_tree(test.groups);
    const Index count = tree.features();
    const auto patterns = testing::enumerate(test.groups, count);
    const Matrix found = active_by_count(tree, count), few = active_by_count(tree, 2);
    for (Index j = 0; j < count; ++j) {
      for (Index l = 0; l <= count; ++l) {
        Long expected = 0.0L;
        for (std::uint32_t pattern = 0; pattern < patterns.size(); ++pattern) {
          if (std::popcount(pattern) == l && ((pattern >> j) & 1u)) expected += patterns[pattern];
        }
        EXPECT_NEAR(found(j, l), static_cast<double>(expected), 1e-15) << test.name;
        EXPECT_EQ(l <= 2 ? few(j, l) : found(j, l), found(j, l));
      }
    }
  }
}

TEST(DataLaw, KnowsWhetherDensitiesSayAll) {
  EXPECT_TRUE(DataLaw::independent(Vector{{0.1, 0.2}}).plain());
  EXPECT_FALSE(DataLaw::independent(Vector{{0.1, 0.2}}, ValueLaw::constant(1)).plain());
  const Index pair[] = {0, 1};
  EXPECT_FALSE(
      (DataLaw{ActivityTree(activity::together(pair, 0.1)), {ValueLaw(), ValueLaw()}}).plain());
  // Uniform values and independent features: what means(density) and second_moments(density) say.
  const Vector density{{0.1, 0.2, 0.7}};
  const DataLaw law = DataLaw::independent(density);
  EXPECT_EQ(means(law), Vector(means(density)));
  EXPECT_TRUE(second_moments(law).isApprox(Vector(second_moments(density)), 1e-15));
}

TEST(DataLaw, RefusesMissingValues) {
  EXPECT_THROW(validate(DataLaw{}), std::invalid_argument);
  DataLaw law = DataLaw::independent(Vector{{0.1, 0.2}});
  EXPECT_NO_THROW(validate(law));
  law.values.pop_back();
  EXPECT_THROW(validate(law), std::invalid_argument);
  EXPECT_THROW(sum_moments(DataLaw::independent(Vector{{0.1, 0.2}}), Vector{{1.0}}),
               std::invalid_argument);
  const Power none[] = {{0, 0}};
  EXPECT_THROW(mean_of_product(DataLaw::independent(Vector{{0.1}}), none), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta
