#include "estimate/joint_moments.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace skeleta::estimate {
namespace {

// By definition, in long double.
double central(const std::vector<double>& y, int power) {
  long double mean = 0.0, sum = 0.0;
  for (const double x : y) mean += x / static_cast<long double>(y.size());
  for (const double x : y) sum += std::pow(x - mean, power);
  return static_cast<double>(sum);
}

TEST(JointMoments, MergeToTheMomentsOfAllPoints) {
  std::mt19937_64 random(1);
  std::exponential_distribution<double> law;
  constexpr std::size_t outputs = 3;
  std::vector<double> columns[outputs];
  JointMoments all(outputs);
  for (const std::size_t points : {7u, 1u, 0u, 100u, 3u}) {
    std::vector<double> values;
    for (std::size_t i = 0; i < points * outputs; ++i) {
      values.push_back(law(random) + static_cast<double>(i % outputs));
      columns[i % outputs].push_back(values.back());
    }
    std::vector<double> flat(JointMoments::width(outputs));
    EXPECT_EQ(JointMoments::summarise(values, outputs, flat), 0u);
    all.merge(flat);
  }
  EXPECT_EQ(all.count(), 111u);
  for (std::size_t a = 0; a < outputs; ++a) {
    const Moments m = all.output(a);
    EXPECT_NEAR(m.m2, central(columns[a], 2), 1e-12 * m.m2);
    EXPECT_NEAR(m.m3, central(columns[a], 3), 1e-11 * m.m4);
    EXPECT_NEAR(m.m4, central(columns[a], 4), 1e-12 * m.m4);
    for (std::size_t b = 0; b < outputs; ++b) {
      double product = 0.0;
      for (std::size_t i = 0; i < 111; ++i) {
        product += (columns[a][i] - m.mean) * (columns[b][i] - all.output(b).mean);
      }
      EXPECT_NEAR(all.product(a, b), product, 1e-11 * m.m2) << a << b;
    }
  }
}

TEST(JointMoments, LeaveOutPointsThatAreNotFinite) {
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  std::vector<double> values{1, 10, nan, 20, 3, 30, 4, inf, 5, 50};
  std::vector<double> flat(JointMoments::width(2));
  EXPECT_EQ(JointMoments::summarise(values, 2, flat), 2u);
  JointMoments all(2);
  all.merge(flat);
  EXPECT_EQ(all.count(), 3u);
  EXPECT_DOUBLE_EQ(all.output(0).mean, 3.0);
  EXPECT_DOUBLE_EQ(all.output(1).mean, 30.0);
  std::vector<double> nothing{nan, nan};
  EXPECT_EQ(JointMoments::summarise(nothing, 1, std::span(flat).first(JointMoments::width(1))), 2u);
  EXPECT_EQ(flat[0], 0.0);
}

}  // namespace
}  // namespace skeleta::estimate
