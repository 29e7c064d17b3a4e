#include "certify/edge.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "support.h"

namespace skeleta::certify {
namespace {

// By a rule of many points, not by the closed forms.
double integral(auto f) {
  constexpr int count = 4000;
  double sum = 0.0;
  for (int n = 0; n < count; ++n) sum += f((n + 0.5) / count);
  return sum / count;
}
double mean_square_of(double a, double c) {
  return integral([&](double t) { return std::pow(std::max(a * t - c, 0.0), 2); });
}
double own_loss_of(double a, double b) {
  return integral([&](double t) { return std::pow(t - std::max(a * t - b, 0.0), 2); });
}

constexpr double rule_error = 1e-6;

TEST(Edge, ClosedFormsAreTheIntegrals) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> size(0.01, 3.0), threshold(-1.0, 2.0);
  for (int n = 0; n < 300; ++n) {
    const double a = size(random), c = threshold(random);
    EXPECT_NEAR(mean_square(a, c).middle(), mean_square_of(a, c), rule_error);
    EXPECT_NEAR(own_loss(a, c).middle(), own_loss_of(a, c), rule_error);
    const double h = 1e-5;
    const double slope =
        (mean_square(a + h, c).middle() - mean_square(a - h, c).middle()) / (2 * h);
    EXPECT_NEAR(2.0 * mean_product(a, c).middle(), slope, 1e-6);
    const double own = (own_loss(a + h, c).middle() - own_loss(a - h, c).middle()) / (2 * h);
    EXPECT_NEAR(own_loss_slope(a, c).middle(), own, 1e-6);
  }
}

// The least P over a grid of all thresholds that can be best.
double least_of_grid(const Threshold& P, double a, double g) {
  double least = P.alpha / 3.0;
  for (double b = -1.0; b < 4.0; b += 2e-3) least = std::min(least, P.value(a, g, b).hi);
  return least;
}

TEST(Edge, ThresholdsAreTheBestOnes) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> size(0.02, 4.0);
  for (int n = 0; n < testing::scaled(2000, 200); ++n) {
    const double a = size(random), g = size(random) * 0.5;
    for (const Threshold P : {Threshold{}, Threshold{1.0, 1.0}}) {
      const double least = P.least_at(a, g), grid = least_of_grid(P, a, g);
      EXPECT_LE(least, grid) << a << " " << g;
      EXPECT_GE(least, grid - 1e-5) << a << " " << g;
    }
  }
}

struct RandomBox {
  Interval r, s, angle;
};
RandomBox random_box(std::mt19937_64& random) {
  std::uniform_real_distribution<double> length(0.1, 2.0), gap(0.03, 1.4), size(-16.0, -1.0);
  const auto around = [&](double x, double most) {
    const double half = std::exp2(size(random));
    return Interval(std::max(x - half, 0.02), std::min(x + half, most));
  };
  return {around(length(random), 3.0), around(length(random), 3.0), around(gap(random), 1.45)};
}

// No point of a box lies below the box's bound, and small boxes have bounds near their points.
TEST(Edge, BoundsOfBoxesAreBelowTheirPoints) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> uniform;
  const Interval mu = 0.12, theta0 = 1.25;
  const Threshold half, both{1.0, 1.0};
  for (int n = 0; n < testing::scaled(20'000, 2000); ++n) {
    const auto [r, s, angle] = random_box(random);
    const Interval a = square(r), c = square(s), g = r * s * cos(angle);
    const double bound = edge_bound({r, s, angle}, mu, theta0).least;
    const double one = both.least(a, g), two = both.least(c, g);
    for (int m = 0; m < 5; ++m) {
      const auto in = [&](const Interval& side) {
        const double t = m == 0 ? std::round(uniform(random)) : uniform(random);
        return std::clamp(side.lo + t * (side.hi - side.lo), side.lo, side.hi);
      };
      const double x = in(r), y = in(s), t = in(angle), inner = x * y * std::cos(t);
      const double h =
          half.least_at(x * x, inner) + half.least_at(y * y, inner) + 0.12 * (t - 1.25);
      ASSERT_LE(bound, h + 1e-14) << x << " " << y << " " << t;
      ASSERT_LE(one, both.least_at(x * x, inner) + 1e-14) << x << " " << y << " " << t;
      ASSERT_LE(two, both.least_at(y * y, inner) + 1e-14) << x << " " << y << " " << t;
      const double width = std::max({r.width(), s.width(), angle.width()});
      if (width < 0.05) {
        ASSERT_GE(bound, h - 4.0 * width) << x << " " << y << " " << t;
      }
    }
  }
}

// The Hessian of h is seen in second differences.
TEST(Edge, ConvexBoxesAreConvex) {
  const Threshold half;
  const auto h = [&](double r, double s, double t) {
    const double g = r * s * std::cos(t);
    return half.least_at(r * r, g) + half.least_at(s * s, g);
  };
  std::mt19937_64 random(4);
  std::uniform_real_distribution<double> near(-0.15, 0.15);
  std::normal_distribution<double> normal;
  int convex_ones = 0, others = 0;
  for (int n = 0; n < 3000; ++n) {
    const double r = 1.17 + near(random), s = 1.17 + near(random), t = 1.2566 + near(random);
    const bool proven = convex({{r - 1e-4, r + 1e-4}, {s - 1e-4, s + 1e-4}, {t - 1e-4, t + 1e-4}});
    double least = 1.0;
    for (int m = 0; m < 30; ++m) {
      double d[3] = {normal(random), normal(random), normal(random)};
      const double size = std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
      for (double& x : d) x *= 1e-3 / size;
      const double second =
          h(r + d[0], s + d[1], t + d[2]) + h(r - d[0], s - d[1], t - d[2]) - 2.0 * h(r, s, t);
      least = std::min(least, second * 1e6);
    }
    if (proven) {
      EXPECT_GT(least, 0.0) << r << " " << s << " " << t;
    }
    ++(proven ? convex_ones : others);
  }
  EXPECT_GT(convex_ones, 100);
  EXPECT_GT(others, 100);
}

}  // namespace
}  // namespace skeleta::certify
