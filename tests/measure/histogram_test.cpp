#include "skeleta/measure/histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace skeleta {
namespace {

using testing::ElementsAre;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(Histogram, CountsWhatLiesBetweenItsEdges) {
  const std::vector<double> values{0.0, 1.0, 1.0, 2.5, nan, 4.0, 3.0};
  const Bins bins = bins_of(values, 4);
  EXPECT_FALSE(bins.logarithmic);
  EXPECT_THAT(bins.edges, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(histogram(bins, values), ElementsAre(1, 2, 1, 2));  // 1 and 3 above, 4 below
  const std::vector<double> weights{1, 10, 100, 1000, 5, 7, 0.5};
  EXPECT_THAT(histogram(bins, values, weights), ElementsAre(1, 110, 1000, 7.5));
  EXPECT_THAT(histogram(bins, std::vector<double>{-0.1, 4.1, INFINITY}), ElementsAre(0, 0, 0, 0));
}

TEST(Histogram, HasEqualRatiosWhereNumbersRangeOverDecades) {
  std::vector<double> values;
  for (int k = 0; k <= 40; ++k) values.push_back(std::pow(10.0, -0.1 * k));
  const Bins bins = bins_of(values, 4);
  EXPECT_TRUE(bins.logarithmic);
  for (std::size_t k = 0; k < 5; ++k)
    EXPECT_NEAR(std::log10(bins.edges[k]), -4.0 + static_cast<double>(k), 1e-12);
  values.insert(values.end(), {0.0, 1e-30});
  const Bins from_zero = bins_of(values, 5);
  EXPECT_EQ(from_zero.edges[0], 0.0);
  for (std::size_t k = 1; k < 6; ++k)
    EXPECT_NEAR(std::log10(from_zero.edges[k]), -5.0 + static_cast<double>(k), 1e-12);
  const std::vector<double> counts = histogram(from_zero, values);
  EXPECT_EQ(counts[0], 2.0);
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), 0.0), 43.0);
  values.push_back(-1.0);  // no logarithm
  EXPECT_FALSE(bins_of(values, 5).logarithmic);
}

TEST(Histogram, HoldsNumbersThatAreAlikeAndNone) {
  const Bins alike = bins_of(std::vector<double>{2.0, 2.0, nan}, 3);
  EXPECT_LT(alike.edges.front(), 2.0);
  EXPECT_GT(alike.edges.back(), 2.0);
  EXPECT_THAT(histogram(alike, std::vector<double>{2.0, 2.0, nan}), ElementsAre(0, 2, 0));
  EXPECT_THAT(bins_of(std::vector<double>{nan}, 2).edges, ElementsAre(0, 0.5, 1));
  EXPECT_THROW(bins_of({}, 0), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta
