#include "skeleta/sampling/count_splitter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "support.h"

namespace skeleta::sampling {
namespace {

constexpr double least_p_value = 1e-4;  // with a fixed seed

std::vector<std::uint64_t> split(const ActiveCount& law, CountRange range, std::uint64_t block,
                                 std::uint64_t n) {
  const CountSplitter splitter(law, range);
  std::vector<std::uint64_t> counts(static_cast<std::size_t>(range.size()));
  splitter.draw({.seed = 7, .purpose = Purpose::counts}, block, n, counts);
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}), n);
  return counts;
}

// A multinomial vector's chi-square against its means has the chi-square law itself: over many
// blocks the p-values must be uniform, which a wrong variance (a rounded mean, say) would break.
double uniformity(const ActiveCount& law, CountRange range, const ActiveCount& expected_law) {
  constexpr int blocks = 400, cells = 10;
  constexpr std::uint64_t n = 5000;
  std::vector<double> observed(cells, 0.0), expected(cells, blocks / double{cells});
  std::vector<double> means;
  for (Index l = range.first; l <= range.last; ++l) {
    means.push_back(static_cast<double>(n) * expected_law.probability(l) /
                    expected_law.probability(range));
  }
  for (std::uint64_t block = 0; block < blocks; ++block) {
    const auto counts = split(law, range, block, n);
    const double p =
        testing::chi_square_p_value(std::vector<double>(counts.begin(), counts.end()), means);
    ++observed[std::min(static_cast<std::size_t>(p * cells), std::size_t{cells - 1})];
  }
  return testing::chi_square_p_value(observed, expected);
}

TEST(CountSplitter, FollowsTheMultinomialLaw) {
  const ActiveCount law(Vector::Constant(12, 0.3));
  EXPECT_GT(uniformity(law, {0, 12}, law), least_p_value);
  EXPECT_GT(uniformity(law, {2, 6}, law), least_p_value);
  const ActiveCount dense(Vector::Constant(2000, 0.1));
  EXPECT_GT(uniformity(dense, {0, 2000}, dense), least_p_value);
}

TEST(CountSplitter, TheTestNoticesAWrongLaw) {
  const ActiveCount law(Vector::Constant(12, 0.3)), wrong(Vector::Constant(12, 0.31));
  EXPECT_LT(uniformity(law, {0, 12}, wrong), least_p_value);
}

TEST(CountSplitter, NeverFallsOnAnImpossibleSkeleton) {
  Vector density = Vector::Constant(6, 0.5);
  density(0) = density(1) = 1.0;
  density(5) = 0.0;
  const ActiveCount law(density);
  for (std::uint64_t block = 0; block < 100; ++block) {
    const auto counts = split(law, {0, 6}, block, 1000);
    EXPECT_EQ(counts[0] + counts[1] + counts[6], 0u);
  }
}

TEST(CountSplitter, RefusesAnImpossibleRange) {
  const ActiveCount law(Vector::Constant(3, 1.0));
  EXPECT_THROW(CountSplitter(law, {0, 2}), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::sampling
