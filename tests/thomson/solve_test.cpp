#include "skeleta/thomson/solve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <numeric>

#include "geometry/configurations.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/geometry/congruence.h"
#include "skeleta/thomson/configurations.h"
#include "skeleta/thomson/sphere_energy.h"
#include "support.h"

namespace skeleta::thomson {
namespace {

// The table of known minima from random starts, and the orders of their point groups, as the table
// of the article "Thomson problem" of Wikipedia has them (D₄d: 16, Td: 24, Ih: 120, T: 12, …).
TEST(Solve, FindsTheKnownMinimaOfUpTo32Points) {
  const std::map<Index, double> orders{
      {2, 2},   {3, 6},   {4, 24},   {5, 12}, {6, 48},  {7, 20}, {8, 16},  {9, 12},
      {10, 16}, {11, 4},  {12, 120}, {13, 4}, {14, 24}, {15, 6}, {16, 12}, {17, 20},
      {18, 16}, {19, 4},  {20, 12},  {21, 4}, {22, 24}, {23, 6}, {24, 24}, {25, 2},
      {26, 2},  {27, 20}, {28, 12},  {29, 6}, {30, 4},  {31, 6}, {32, 120}};
  const Index stride = std::clamp<Index>(static_cast<Index>(1.0 / testing::scale()), 1, 10);
  for (Index n = 2; n <= 32; n += stride) {
    const Solution found = solve(coulomb, n, 3, {.starts = 25, .seed = 3});
    EXPECT_LT(std::abs(found.difference), 1e-9 * found.best.energy) << n;
    EXPECT_TRUE(found.best.converged) << n;
    EXPECT_LT(found.best.gradient_norm, 1e-12) << n;
    EXPECT_EQ(found.portrait.symmetry.order, orders.at(n)) << n;
    EXPECT_GT(found.hits, 5u) << n;
    EXPECT_EQ(found.starts, 25u);
  }
}

TEST(Solve, FindsUniversallyOptimalConfigurations) {
  for (const PairEnergy& energy : {coulomb, logarithmic, PairEnergy{Potential::riesz, 4.0}}) {
    for (const auto& [n, d] : {std::pair{2, 1}, {9, 2}, {6, 5}, {10, 5}, {16, 5}, {27, 6}}) {
      const Solution found = solve(energy, n, d, {.starts = 8, .seed = 2});
      ASSERT_TRUE(found.known);
      EXPECT_LT(std::abs(found.difference), 1e-11 * (1.0 + std::abs(found.best.energy)))
          << name(energy) << ' ' << n << ' ' << d;
      EXPECT_LT(geometry::congruence(found.best.points, found.known->points).rms, 1e-9);
    }
  }
}

// Five points on the circle with V_0: the regular pentagon, 5 pairs at u = cos 72°, and u²/3.
// N = 5 in R³ fits in less than the orthoplex and costs nothing.
TEST(Solve, ReluEnergies) {
  const Solution pentagon = solve({Potential::relu, 0.0}, 5, 2, {.starts = 20});
  const double u = std::cos(0.4 * std::numbers::pi);
  EXPECT_NEAR(pentagon.best.energy, 5.0 * u * u / 3.0, 1e-12);
  EXPECT_FALSE(pentagon.known);
  EXPECT_TRUE(std::isnan(pentagon.difference));
  const Solution free = solve({Potential::relu, 0.0}, 5, 3, {.starts = 20});
  EXPECT_LT(free.best.energy, 1e-20);
  EXPECT_EQ(free.difference, free.best.energy);
  EXPECT_TRUE(free.best.converged);
  EXPECT_EQ(free.hits, 20u);
  // On two places an even split is best: 2 of 3 coincide, V_0(1) = 1/3.
  EXPECT_NEAR(solve({Potential::relu, 0.0}, 3, 1).best.energy, 1.0 / 3.0, 1e-15);
}

TEST(Solve, DoesNotDependOnThreads) {
  const Solution one = solve(coulomb, 17, 3, {.starts = 9, .seed = 5, .threads = 1});
  const Solution three = solve(coulomb, 17, 3, {.starts = 9, .seed = 5, .threads = 3});
  EXPECT_EQ(one.best.points, three.best.points);
  EXPECT_EQ(one.energies, three.energies);
  const Solution other = solve(coulomb, 17, 3, {.starts = 9, .seed = 6});
  EXPECT_NE(one.energies, other.energies);
}

TEST(Solve, ReportsProgressAndStops) {
  double last = INFINITY;
  std::uint64_t calls = 0;
  const Solution found = solve(coulomb, 12, 3, {.starts = 50}, [&](const Progress& progress) {
    EXPECT_EQ(progress.done, ++calls);
    EXPECT_EQ(progress.planned, 50u);
    EXPECT_LE(progress.value, last);
    last = progress.value;
    return calls < 7;
  });
  EXPECT_EQ(found.starts, 7u);
  EXPECT_EQ(found.energies.size(), 7u);
}

TEST(Solve, SaysThatItWasCalledOffBeforeTheBestWasRefined) {
  std::atomic<std::uint64_t> done = 0;
  const CancelScope scope([&] { return done == 3; });
  const Solution found = solve(coulomb, 12, 3, {.starts = 3}, [&](const Progress&) {
    ++done;
    return true;
  });
  EXPECT_EQ(found.starts, 3u);
  EXPECT_FALSE(found.refined);
  EXPECT_FALSE(found.best.converged);
  EXPECT_NEAR(found.best.energy, 49.165253058, 1e-6);
}

TEST(Relax, KeepsAMinimumAndLeavesNoise) {
  std::mt19937_64 random(1);
  const Matrix icosahedron = named_configurations(12, 3).front().points;
  const Equilibrium kept = relax(coulomb, icosahedron);
  EXPECT_LT((kept.points - icosahedron).norm(), 1e-12);
  const Matrix noisy = 3.0 * icosahedron + 0.3 * geometry::random_matrix(3, 12, random);
  const Equilibrium found = relax(coulomb, noisy);
  EXPECT_NEAR(found.energy, kept.energy, 1e-12 * kept.energy);
  EXPECT_LT(geometry::congruence(found.points, icosahedron).rms, 1e-12);
}

TEST(Relax, SaysWhichPointsCoincide) {
  Matrix start = orthoplex(3);
  start.col(4) = 2.0 * start.col(1);
  EXPECT_THAT([&] { relax(coulomb, start); },
              ::testing::ThrowsMessage<std::invalid_argument>(
                  "points 1 and 4 of the start coincide: their energy is infinite"));
  EXPECT_NO_THROW(relax({Potential::relu, 0.0}, start));
  EXPECT_THROW(relax(coulomb, Matrix::Ones(3, 1)), std::invalid_argument);
  start.col(0).setZero();
  EXPECT_THROW(relax(coulomb, start), std::invalid_argument);
}

TEST(Portrait, OfTheIcosahedron) {
  const Portrait seen = portrait(named_configurations(12, 3).front().points);
  EXPECT_THAT(seen.coordination, ::testing::Each(5));
  EXPECT_EQ(seen.symmetry.order, 120);
  ASSERT_EQ(seen.inner_products.size(), 66);
  EXPECT_NEAR(seen.inner_products(0), -1.0, 1e-15);
  EXPECT_NEAR(seen.inner_products(6), -std::sqrt(0.2), 1e-15);
  EXPECT_NEAR(seen.inner_products(65), std::sqrt(0.2), 1e-15);
  EXPECT_LT((seen.gram_spectrum - Vector::Constant(3, 4.0)).norm(), 1e-13);
}

// Of a configuration turned and relabelled: the same but for the order of the points.
TEST(Portrait, TurnsAndLabelsDoNotMatter) {
  std::mt19937_64 random(2);
  const Matrix X = solve(coulomb, 23, 3, {.starts = 5}).best.points;
  const Portrait before = portrait(X), after = portrait(geometry::disguised(X, random));
  EXPECT_LT((before.inner_products - after.inner_products).norm(), 1e-13);
  EXPECT_LT((before.gram_spectrum - after.gram_spectrum).norm(), 1e-12);
  EXPECT_EQ(before.symmetry.order, after.symmetry.order);
}

TEST(Solve, BadInput) {
  const auto refusal = [](Index n, Index d, SolveOptions options = {}) {
    try {
      solve(coulomb, n, d, options);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal(1, 3), "points = 1: at least 2 are needed");
  EXPECT_EQ(refusal(4, 0), "dimension = 0: at least 1 is needed");
  EXPECT_EQ(refusal(4, 3, {.starts = 0}), "starts = 0: at least 1 is needed");
  EXPECT_THAT(refusal(3, 1), ::testing::StartsWith("3 points in 1 dimension"));
  EXPECT_THROW(solve({Potential::riesz, -0.5}, 4, 3), std::invalid_argument);
}

TEST(Solve, TellsTheCostBefore) {
  EXPECT_GT(estimated_seconds(4000, 3, 10), 3.0 * estimated_seconds(2000, 3, 10));
  EXPECT_DOUBLE_EQ(estimated_seconds(100, 3, 20), 20.0 * estimated_seconds(100, 3, 1));
}

}  // namespace
}  // namespace skeleta::thomson
