#include "certify/pair_output.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "bounds/truncated_loss.h"
#include "support.h"

namespace skeleta::certify {
namespace {

// F by the engine of the other proofs: two features, of which only the first output counts. Inner
// product `g` of the columns, so that g < 0 is the case of PairOutput.
double loss_of(double p, double other, double a, double g, double b) {
  Features features = Features::uniform(2, p);
  features.density(1) = other;
  features.importance(1) = 0.0;
  Autoencoder model{Matrix(1, 2), Vector(2)};
  model.W << std::sqrt(a), g / std::sqrt(a);
  model.b << b, 1.0;
  return bounds::TruncatedLoss(features, 2).value(model);
}

struct Case {
  double p, other, a, gamma, b;
};
Case random_case(std::mt19937_64& random) {
  std::uniform_real_distribution<double> part(0.0, 1.0);
  const double p = 0.01 + 0.99 * part(random), other = 0.01 + 0.99 * part(random);
  return {p, part(random) < 0.3 ? p : other, 0.01 + 3.0 * part(random), 0.01 + 2.0 * part(random),
          3.0 * (part(random) - 0.7)};
}

TEST(PairOutput, ClosedFormsAreTheLoss) {
  std::mt19937_64 random(1);
  for (int n = 0; n < 3000; ++n) {
    const auto [p, other, a, gamma, b] = random_case(random);
    const PairOutput output(p, other);
    EXPECT_NEAR(output.value(a, gamma, b).middle(), loss_of(p, other, a, -gamma, b), 1e-12);
    const double h = 1e-5;
    const double slope =
        (loss_of(p, other, a, -gamma, b + h) - loss_of(p, other, a, -gamma, b - h)) / (2.0 * h);
    EXPECT_NEAR(output.by_threshold(a, gamma, b).middle(), slope, 1e-7);
  }
  for (const double p : {0.2, 1.0}) {  // w = 0: the constant p/2
    const double other = 0.5;
    EXPECT_NEAR(PairOutput(p, other).idle().middle(), loss_of(p, other, 1e-30, 0.0, -0.5 * p),
                1e-12);
  }
}

double least_of_grid(double p, double other, double a, double g) {
  double least = 1e9;
  for (double b = -3.0; b < 5.0; b += 1e-2) least = std::min(least, loss_of(p, other, a, g, b));
  return least;
}

TEST(PairOutput, TheThresholdIsTheBestOfAll) {
  std::mt19937_64 random(2);
  for (int n = 0; n < testing::scaled(300, 30); ++n) {
    const auto [p, other, a, gamma, unused] = random_case(random);
    const PairOutput output(p, other);
    const double least = output.least_at(a, gamma), grid = least_of_grid(p, other, a, -gamma);
    EXPECT_LE(least, grid + 1e-12);
    EXPECT_GE(least, grid - 2e-4);  // the grid's step
    EXPECT_NEAR(least, loss_of(p, other, a, -gamma, output.threshold(a, gamma)), 1e-12);
    EXPECT_LE(output.floor(a), least + 1e-15);
  }
}

// A pair of one sign, with any thresholds, loses no less than its mirror image with the best.
TEST(PairOutput, MirrorImagesLoseNoMore) {
  std::mt19937_64 random(3);
  for (int n = 0; n < testing::scaled(300, 30); ++n) {
    const auto [p, other, a, gamma, unused] = random_case(random);
    EXPECT_GE(least_of_grid(p, other, a, gamma), PairOutput(p, other).least_at(a, gamma) - 1e-12)
        << p << " " << a << " " << gamma;
  }
}

TEST(PairOutput, BoxesHoldWhatTheirNumbersDo) {
  std::mt19937_64 random(4);
  std::uniform_real_distribution<double> part(0.0, 1.0);
  for (int n = 0; n < testing::scaled(3000, 300); ++n) {
    const auto [p, other, a, gamma, unused] = random_case(random);
    const PairOutput output(p, other);
    const double width = std::exp2(-12.0 * part(random));
    const Interval A{a, a + width}, G{n % 3 == 0 ? 0.0 : gamma, gamma + width};
    const Interval thresholds = output.thresholds(A, G);
    const PairOutput::Slopes slopes = output.slopes(A, G);
    for (int k = 0; k < 10; ++k) {
      const bool corner = k < 4;  // where enclosures are nearest
      const double x = A.lo + width * (corner ? k % 2 : part(random));
      const double y = std::max(G.lo + (G.hi - G.lo) * (corner ? k / 2 : part(random)), 1e-3);
      const double b = output.threshold(x, y), h = 1e-5, slack = 1e-13;
      EXPECT_GE(b, thresholds.lo - slack);
      EXPECT_LE(b, thresholds.hi + slack);
      const auto least = [&](double own, double other) { return output.least_at(own, other); };
      const double by_a = (least(x + h, y) - least(x - h, y)) / (2.0 * h);
      const double by_gamma = (least(x, y + h) - least(x, y - h)) / (2.0 * h);
      EXPECT_GE(by_a, slopes.a.lo - 3e-5);
      EXPECT_LE(by_a, slopes.a.hi + 3e-5);
      const PairOutput::Slopes here = output.slopes(x, y);
      EXPECT_GE(here.a.hi, slopes.a.lo);
      EXPECT_LE(here.a.lo, slopes.a.hi);
      EXPECT_GE(here.gamma.hi, slopes.gamma.lo);
      EXPECT_LE(here.gamma.lo, slopes.gamma.hi);
      EXPECT_GE(by_gamma, slopes.gamma.lo - 3e-5);
      EXPECT_LE(by_gamma, slopes.gamma.hi + 3e-5);
      EXPECT_GE(least(x, y), output.floor(A));
    }
  }
}

// One side of a box at a time, so that each term of an enclosure stands alone. Where the output is
// never cut, F is a polynomial and the enclosures are exact: one that is too short by a hundredth
// misses its ends.
TEST(PairOutput, EachTermOfAnEnclosureReachesItsEnds) {
  std::mt19937_64 random(6);
  std::uniform_real_distribution<double> part(0.0, 1.0);
  std::array<int, 8> sharp{};
  for (int n = 0; n < testing::scaled(1000, 300); ++n) {
    auto [p, other, a, gamma, b] = random_case(random);
    if (n % 2 == 0) {
      a = 0.1 + 0.7 * part(random);
      gamma = (0.1 + 0.8 * part(random)) * p * (1.0 - a) / (2.0 - other);
    }
    const PairOutput output(p, other);
    b = output.threshold(a, gamma);
    constexpr double width = 0x1p-12;
    for (std::size_t side = 0; side < 3; ++side) {
      std::array<double, 3> low{a, gamma, b}, middle = low, high = low;
      middle[side] += 0.5 * width;
      high[side] += width;
      const Interval A{low[0], high[0]}, G{low[1], high[1]}, B{low[2], high[2]};
      const auto expect_in = [&, p = p, other = other, a = a](const Interval& all, auto value,
                                                              std::size_t term) {
        const double first = value(low), last = value(high), centre = value(middle);
        for (const double x : {first, last}) {
          EXPECT_GE(x, all.lo - 1e-13) << term << " of " << p << " " << other << " " << a;
          EXPECT_LE(x, all.hi + 1e-13) << term << " of " << p << " " << other << " " << a;
        }
        const double needed = std::abs(last - first);
        const double given = 2.0 * std::max(all.hi - centre, centre - all.lo);
        if (needed > 1e-9 && 0.99 * given < needed) ++sharp[term];
      };
      const PairOutput::Slopes over = output.slopes_at(A, G, B);
      const auto slopes = [&](const std::array<double, 3>& x) {
        return output.slopes_at(x[0], x[1], x[2]);
      };
      expect_in(
          over.a, [&](const auto& x) { return slopes(x).a.middle(); }, side);
      expect_in(
          over.gamma, [&](const auto& x) { return slopes(x).gamma.middle(); }, 3 + side);
      if (side == 2) continue;
      expect_in(
          output.rise_over(A, G, b),
          [&](const auto& x) { return output.by_threshold(x[0], x[1], x[2]).middle(); }, 6 + side);
    }
  }
  for (std::size_t term = 0; term < sharp.size(); ++term) EXPECT_GT(sharp[term], 20) << term;
}

// In a narrow box the enclosures are narrow too, and about the right numbers.
TEST(PairOutput, NarrowBoxesHaveNarrowSlopes) {
  std::mt19937_64 random(5);
  for (int n = 0; n < testing::scaled(1000, 100); ++n) {
    const auto [p, other, a, gamma, unused] = random_case(random);
    const PairOutput output(p, other);
    const PairOutput::Slopes slopes = output.slopes(a, gamma);
    const double h = 1e-5;
    const auto least = [&](double x, double y) {
      return output.value(x, y, output.threshold(x, y)).middle();
    };
    // Rounding of ∂F/∂b over ∂²F/∂b², which is small where most outputs are silent.
    EXPECT_LT(slopes.a.width(), 1e-6);
    EXPECT_LT(slopes.gamma.width(), 1e-6);
    const double by_a = (least(a + h, gamma) - least(a - h, gamma)) / (2.0 * h);
    const double by_gamma = (least(a, gamma + h) - least(a, gamma - h)) / (2.0 * h);
    EXPECT_NEAR(slopes.a.middle(), by_a, 3e-5);
    EXPECT_NEAR(slopes.gamma.middle(), by_gamma, 3e-5);
  }
}

TEST(PairOutput, SmallInnerProductsMakeItLinear) {
  for (const auto& [p, other] : {std::pair{0.05, 0.05}, {0.4, 0.1}, {0.3, 0.9}, {1.0, 1.0}}) {
    const PairOutput output(p, other);
    for (const double a : {0.01, 0.5, 0.9}) {
      const double most = p * (1.0 - a) / (2.0 - other), V = p / 3.0 - p * p / 4.0;
      const double noise = other / 3.0 - other * other / 4.0;
      EXPECT_TRUE(output.linear(a, 0.999 * most));
      EXPECT_FALSE(output.linear(a, 1.001 * most));
      const double gamma = 0.9 * most;
      EXPECT_NEAR(output.least_at(a, gamma), V * (1.0 - a) * (1.0 - a) + noise * gamma * gamma,
                  1e-14);
    }
  }
}

// The bound of what interference costs an output of any column: never above it, and sharp.
TEST(PairOutput, InterferenceIsBoundedSharply) {
  for (const auto& [p, other] :
       {std::pair{0.01, 0.01}, {0.1, 0.1}, {0.5, 0.5}, {1.0, 1.0}, {0.05, 0.8}, {0.8, 0.05}}) {
    const PairOutput output(p, other);
    const double c = output.interference({0.99, 1.01}, 1e-3);
    double sharp = 1e9;
    for (double a = 0.99; a < 1.01; a += 1e-5) {
      for (const double gamma : {1e-3, 1e-4}) {
        const double ratio = output.least_at(a, gamma) / (gamma * gamma);
        EXPECT_GE(ratio, c * (1.0 - 1e-9)) << p << " " << a;
        sharp = std::min(sharp, ratio);
      }
    }
    EXPECT_GE(c, 0.95 * sharp) << p << " " << other;
    for (double a = 0.6; a < 1.6; a += 1e-2) {
      for (const double gamma : {0.01, 0.1, 0.3}) {
        EXPECT_GE(output.least_at(a, gamma), output.interference({0.6, 1.6}, 0.3) * gamma * gamma);
        EXPECT_GE(output.least_at(a, gamma), output.interference(a, gamma) * gamma * gamma);
      }
    }
  }
}

}  // namespace
}  // namespace skeleta::certify
