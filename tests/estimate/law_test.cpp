#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "estimate/tilt.h"
#include "measure/activity_oracle.h"
#include "skeleta/estimate/integrate.h"
#include "support.h"

namespace skeleta::estimate {
namespace {

using testing::ActivityCase;
using testing::Long;

// E U and E U², from the densities.
struct TwoMoments {
  double first, second;
};

struct ValueCase {
  ValueLaw law;
  TwoMoments moments;
};

std::vector<ValueCase> value_cases() {
  const double pi = std::acos(-1.0);
  return {{ValueLaw::uniform(0, 1), {0.5, 1.0 / 3}},
          {ValueLaw::uniform(-1, 3), {1.0, 7.0 / 3}},
          {ValueLaw::constant(0.75), {0.75, 0.5625}},
          {ValueLaw::exponential(0.5), {0.5, 0.5}},
          {ValueLaw::half_normal(2), {2 * std::sqrt(2 / pi), 4.0}},
          {ValueLaw::normal(-1, 0.5), {-1.0, 1.25}}};
}

// Each feature another value law, from the one of number `first` on.
DataLaw law_of(const ActivityCase& test, std::size_t first) {
  DataLaw law{testing::to_tree(test.groups), {}};
  const auto values = value_cases();
  for (Index j = 0; j < law.size(); ++j) {
    law.values.push_back(values[(first + static_cast<std::size_t>(j)) % values.size()].law);
  }
  return law;
}

double slope(Index j) {
  return 1.0 - 0.3 * static_cast<double>(j);
}
constexpr double offset = 0.4;

// (Σ a_j x_j − c)².
double square_of_sum(const SparsePoint& point) {
  double sum = -offset;
  for (std::size_t k = 0; k < point.count(); ++k) sum += slope(point.active[k]) * point.value[k];
  return sum * sum;
}

// Its integral on each skeleton, over all patterns.
std::vector<double> enumerated(const ActivityCase& test, std::size_t first) {
  const Index count = testing::count_features(test);
  const auto values = value_cases();
  const auto patterns = testing::enumerate(test.groups, count);
  std::vector<double> result(static_cast<std::size_t>(count) + 1, 0.0);
  for (std::uint32_t pattern = 0; pattern < patterns.size(); ++pattern) {
    double mean = -offset, variance = 0.0;
    for (Index j = 0; j < count; ++j) {
      if (!((pattern >> j) & 1u)) continue;
      const TwoMoments m = values[(first + static_cast<std::size_t>(j)) % values.size()].moments;
      mean += slope(j) * m.first;
      variance += slope(j) * slope(j) * (m.second - m.first * m.first);
    }
    result[static_cast<std::size_t>(std::popcount(pattern))] +=
        static_cast<double>(patterns[pattern]) * (mean * mean + variance);
  }
  return result;
}

class LawIntegral : public ::testing::TestWithParam<Method> {};

std::vector<Method> all_methods() {
  std::vector<Method> all;
  for (const MethodInfo& info : methods()) all.push_back(info.method);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Methods, LawIntegral, ::testing::ValuesIn(all_methods()),
                         [](const auto& info) { return to_string(info.param); });

// Rule: |z| < 5 for the integral and 6 for each skeleton that has some points; 8 and 10 for quasi,
// whose errors are Student's with 15 degrees of freedom. Errors are small enough to be seen.
TEST_P(LawIntegral, AgreesWithEnumerationForEveryGroupAndValueLaw) {
  int rows = 0;
  for (const ActivityCase& test : testing::activity_cases()) {
    for (std::size_t first = 0; first < value_cases().size(); ++first) {
      const DataLaw law = law_of(test, first);
      const Features features = Features::of(law, Vector::Ones(law.size()));
      Options options;
      options.method = GetParam();
      options.samples = 40'000;
      options.threads = 1;
      options.seed = 3 + first;
      const SampledIntegrals all = integrate_all(features, square_of_sum, options);
      const IntegralBySkeleton& result = all.outputs.front();
      const std::vector<double> parts = enumerated(test, first);
      double expected = 0.0;
      for (const double part : parts) expected += part;
      const bool replicated = all.method == Method::quasi;
      constexpr double unmet = 1e-4;  // what a feature of density 1e-5 or less may change
      const double slack = unmet * expected;
      EXPECT_NEAR(result.value, expected, (replicated ? 8 : 5) * result.standard_error + slack)
          << test.name << ", values from " << first;
      EXPECT_LT(result.standard_error, 0.03 * expected) << test.name;
      for (const SkeletonPart& part : result.skeletons) {
        if (part.samples < 50) continue;
        EXPECT_NEAR(part.contribution, parts[static_cast<std::size_t>(part.l)],
                    (replicated ? 10 : 6) * part.standard_error +
                        unmet * parts[static_cast<std::size_t>(part.l)])
            << test.name << ", values from " << first << ", l = " << part.l;
        ++rows;
      }
    }
  }
  EXPECT_GT(rows, 150);
}

// Independent features of uniform values are the plain law, whichever way they are given.
TEST_P(LawIntegral, ThePlainLawKeepsItsBits) {
  const Vector density = Vector::LinSpaced(9, 0.02, 0.5);
  Features plain{density, Vector::Ones(9)}, general = plain;
  general.law = std::make_shared<const DataLaw>(DataLaw::independent(density));
  Options options;
  options.method = GetParam();
  options.samples = 5000;
  const IntegralBySkeleton a = integrate(plain, square_of_sum, options);
  const IntegralBySkeleton b = integrate(general, square_of_sum, options);
  EXPECT_EQ(a.value, b.value);
  EXPECT_EQ(a.standard_error, b.standard_error);
}

// Groups of two: no odd number of features is ever active. These skeletons are neither missing nor
// unresolved.
TEST_P(LawIntegral, ImpossibleSkeletonsLeaveNothingUnresolved) {
  std::vector<ActivityNodes> pairs;
  for (Index j = 0; j < 12; j += 2) {
    const Index members[] = {j, j + 1};
    pairs.push_back(activity::together(members, 0.3));
  }
  const DataLaw law{ActivityTree(activity::join(pairs)), std::vector<ValueLaw>(12)};
  const ActiveCount number(law.activity);
  const auto outside = [&](CountRange range) {
    return 12.0 * (number.at_most(range.first - 1) + number.at_least(range.last + 1));
  };
  const auto sum = [](const SparsePoint& point) {
    double total = 0.0;
    for (const double x : point.value) total += x;
    return total;
  };
  Known known;
  known.parts = {{0, number.probability(0), 0.0, 0.0, 0.0, 0}};
  known.bound_outside = outside;
  Options options;
  options.method = GetParam();
  options.relative_tolerance = 0.01;
  const IntegralBySkeleton result =
      integrate(Features::of(law, Vector::Ones(12)), sum, options, known);
  EXPECT_EQ(result.stop_reason, StopReason::precision);
  EXPECT_NEAR(result.value, 1.8, 8 * result.standard_error + result.error_bound);
  EXPECT_LE(result.error_bound, 0.01 * 1.8 * 1.1);
}

// P(A | N = l)/P̃(A | N = l), with both laws by definition: all patterns.
TEST(TiltedGroups, WeightsAreTheRatioOfTheTwoLaws) {
  Vector factor(8);
  factor << 3.0, 0.2, 5.0, 0.125, 1.0, 8.0, 0.5, 2.0;
  for (const ActivityCase& test : testing::activity_cases()) {
    const ActivityTree tree = testing::to_tree(test.groups);
    const Index count = tree.features();
    const Tilt tilt(tree, factor.head(count), count);
    EXPECT_NEAR(tilt.activity().density().sum(), tree.density().sum(), 1e-9) << test.name;
    const auto patterns = testing::enumerate(test.groups, count);
    std::vector<double> number(static_cast<std::size_t>(count) + 1, 0.0), other = number;
    std::vector<double> tilted(patterns.size());
    for (std::uint32_t a = 0; a < patterns.size(); ++a) {
      tilted[a] = static_cast<double>(patterns[a]);
      for (Index j = 0; j < count; ++j) tilted[a] *= (a >> j) & 1u ? factor(j) : 1.0;
      number[static_cast<std::size_t>(std::popcount(a))] += static_cast<double>(patterns[a]);
      other[static_cast<std::size_t>(std::popcount(a))] += tilted[a];
    }
    const std::vector<double> value(8, 0.5);
    for (std::uint32_t a = 0; a < patterns.size(); ++a) {
      if (!(patterns[a] > 0.0L)) continue;
      const auto l = static_cast<std::size_t>(std::popcount(a));
      std::vector<std::int32_t> active;
      for (int j = 0; j < count; ++j) {
        if ((a >> j) & 1u) active.push_back(j);
      }
      const double expected = static_cast<double>(patterns[a]) / number[l] / (tilted[a] / other[l]);
      EXPECT_NEAR(tilt.weight({active, std::span(value).first(l)}), expected, 1e-11 * expected)
          << test.name << ", pattern " << a;
    }
  }
}

}  // namespace
}  // namespace skeleta::estimate
