#include "certify/edge.h"

#include <gtest/gtest.h>

#include <array>
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

// Second differences of the edge in all five variables.
TEST(Edge, HessianIsTheDerivative) {
  const Threshold half;
  const auto h = [&](const std::array<double, 5>& x) {
    const double g = x[0] * x[1] * std::cos(x[2]);
    return half.value(x[0] * x[0], g, x[3]).middle() + half.value(x[1] * x[1], g, x[4]).middle();
  };
  std::mt19937_64 random(6);
  std::uniform_real_distribution<double> length(1.05, 1.5), gap(0.8, 1.3);
  int found = 0;
  for (int n = 0; n < 300; ++n) {
    std::array<double, 5> x{length(random), length(random), gap(random)};
    const Edge edge{x[0], x[1], x[2]};
    const auto thresholds = edge_thresholds(edge);
    if (!thresholds) continue;
    const Hessian H = hessian(edge, *thresholds);
    ++found;
    const double g = x[0] * x[1] * std::cos(x[2]);
    for (std::size_t end = 0; end < 2; ++end) {
      x[3 + end] = half.minima(x[end] * x[end], g).places.front().middle();
    }
    constexpr double step = 1e-4;
    for (std::size_t i = 0; i < 5; ++i) {
      for (std::size_t j = 0; j < 5; ++j) {
        double second = 0.0;
        for (const int signs : {0, 1, 2, 3}) {
          auto y = x;
          y[i] += (signs & 1) != 0 ? step : -step;
          y[j] += (signs & 2) != 0 ? step : -step;
          second += (signs == 0 || signs == 3 ? 0.25 : -0.25) * h(y) / (step * step);
        }
        EXPECT_NEAR(H[i][j].middle(), second, 2e-5) << i << " " << j;
        EXPECT_LT(H[i][j].width(), 1e-11);
      }
    }
  }
  EXPECT_GT(found, 100);
}

// The Hessian of h is seen in second differences.
TEST(Edge, ConvexBoxesAreConvex) {
  const Threshold half;
  const auto h = [&](double r, double s, double t) {
    const double g = r * s * std::cos(t);
    return half.least_at(r * r, g) + half.least_at(s * s, g);
  };
  std::mt19937_64 random(4);
  std::uniform_real_distribution<double> length(1.0, 1.6), gap(0.3, 1.35), size(-13.0, -3.0),
      uniform;
  std::normal_distribution<double> normal;
  int convex_ones = 0, others = 0;
  for (int n = 0; n < 6000; ++n) {
    const double centre[] = {length(random), length(random), gap(random)};
    const double half = std::exp2(size(random));
    Interval box[3];
    for (int k = 0; k < 3; ++k) box[k] = {centre[k] - half, centre[k] + half};
    const bool proven = convex({box[0], box[1], box[2]});
    double least = 1.0;
    for (int m = 0; m < 30; ++m) {
      double d[3] = {normal(random), normal(random), normal(random)}, x[3];
      const double norm = std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
      for (int k = 0; k < 3; ++k) {
        d[k] *= 1e-3 / norm;
        x[k] = box[k].lo + 2.0 * half * uniform(random);
      }
      const double second = h(x[0] + d[0], x[1] + d[1], x[2] + d[2]) +
                            h(x[0] - d[0], x[1] - d[1], x[2] - d[2]) - 2.0 * h(x[0], x[1], x[2]);
      least = std::min(least, second * 1e6);
    }
    if (proven) {
      EXPECT_GT(least, -1e-3) << centre[0] << " " << centre[1] << " " << centre[2] << " " << half;
    }
    ++(proven ? convex_ones : others);
  }
  EXPECT_GT(convex_ones, 100);
  EXPECT_GT(others, 100);
}

// Where h is said to be steep, its Hessian exceeds the moduli at all points of the box and all
// thresholds that cost hardly more than the best ones, and these are where they are said to be.
TEST(Edge, SteepBoxesAreSteep) {
  const Threshold half;
  std::mt19937_64 random(9);
  std::uniform_real_distribution<double> length(1.12, 1.22), gap(1.2, 1.31), uniform(0.0, 1.0),
      size(-9.0, -6.0), cost(-4.0, -3.0);
  std::normal_distribution<double> normal;
  int steep = 0, outside = 0;
  for (int n = 0; n < 2000; ++n) {
    const double centre[] = {length(random), length(random), gap(random)};
    const double width = std::exp2(size(random));
    Interval box[3];
    for (int k = 0; k < 3; ++k) box[k] = {centre[k] - width, centre[k] + width};
    const Edge edge{box[0], box[1], box[2]};
    const Steepness wanted{std::pow(10.0, cost(random)), {0.1, 0.45}, {0.01, 0.02, 0.005}};
    const auto b = edge_thresholds(edge, wanted.slack);
    if (!convex(edge, wanted)) continue;
    ASSERT_TRUE(b.has_value());
    ++steep;
    for (int m = 0; m < 20; ++m) {
      double x[5];
      for (int k = 0; k < 3; ++k) x[k] = box[k].lo + 2.0 * width * uniform(random);
      const double g = x[0] * x[1] * std::cos(x[2]);
      double more = 0.0;
      for (std::size_t end = 0; end < 2; ++end) {
        const double a = x[end] * x[end];
        x[3 + end] = (*b)[end].lo - 0.01 + ((*b)[end].width() + 0.02) * uniform(random);
        more += half.value(a, g, x[3 + end]).middle() - half.least_at(a, g);
      }
      if (more > wanted.slack) {
        ++outside;
        continue;
      }
      const Hessian H = hessian({x[0], x[1], x[2]}, {x[3], x[4]});
      double form = 0.0;
      const double least[] = {0.01, 0.01, 0.02, 0.005, 0.005};
      std::array<double, 5> v{};
      for (double& d : v) d = normal(random);
      for (std::size_t i = 0; i < 5; ++i) {
        form -= least[i] * v[i] * v[i];
        for (std::size_t j = 0; j < 5; ++j) form += v[i] * H[i][j].middle() * v[j];
      }
      ASSERT_GT(form, 0.0);
      for (std::size_t end = 0; end < 2; ++end) ASSERT_TRUE((*b)[end].holds(x[3 + end]));
    }
  }
  EXPECT_GT(steep, 50);
  EXPECT_GT(outside, 200);
}

// The matrix of a box and a range of thresholds is no larger than that of any point of it.
TEST(Edge, HessiansOfBoxesAreBelowThoseOfTheirPoints) {
  std::mt19937_64 random(10);
  std::uniform_real_distribution<double> length(1.05, 1.3), gap(1.0, 1.35), uniform(0.0, 1.0);
  std::normal_distribution<double> normal;
  for (int n = 0; n < 500; ++n) {
    const double r = length(random), s = length(random), angle = gap(random);
    const auto best = edge_thresholds({r, s, angle});
    if (!best) continue;
    const double low = 0.9 * (*best)[0].lo, other = 0.9 * (*best)[1].lo;
    const EdgeThresholds range{Interval(low, low * 1.15), Interval(other, other * 1.15)};
    const Edge point{r, s, angle};
    const Hessian bound = hessian(point, range);
    const EdgeThresholds b{low * (1.0 + 0.15 * uniform(random)),
                           other * (1.0 + 0.15 * uniform(random))};
    const Hessian H = hessian(point, b);
    // Of one point of a box only the slopes of φ and S are intervals: the least form of theirs.
    std::array<double, 5> v{};
    for (double& d : v) d = normal(random);
    double difference = 0.0;
    for (std::size_t i = 0; i < 5; ++i) {
      for (std::size_t j = 0; j < 5; ++j) {
        const Interval entry = bound[i][j];
        difference += v[i] * v[j] * (H[i][j].middle() - (v[i] * v[j] > 0.0 ? entry.lo : entry.hi));
      }
    }
    ASSERT_GE(difference, -1e-12);
  }
}

}  // namespace
}  // namespace skeleta::certify
