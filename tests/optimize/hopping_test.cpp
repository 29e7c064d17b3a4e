#include "skeleta/optimize/hopping.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <stdexcept>
#include <vector>

#include "skeleta/optimize/lbfgs.h"

namespace skeleta::optimize {
namespace {

// Σ x² + 10(1 − cos 2πx): some 10 minima along each axis, the least one 0 at 0.
double rastrigin(const Vector& x, Vector& gradient) {
  constexpr double turn = 2.0 * std::numbers::pi;
  gradient = 2.0 * x + 10.0 * turn * (turn * x).array().sin().matrix();
  return x.squaredNorm() + 10.0 * (1.0 - (turn * x).array().cos()).sum();
}

double descend(Vector& x) {
  const auto f = [](const Vector& at, Vector& gradient) { return rastrigin(at, gradient); };
  return Lbfgs().minimize(f, x).value;
}

// One descent finds the least of its 9^5 minima hardly ever, a walk always.
TEST(Hopping, FindsTheLeastOfManyMinima) {
  for (const unsigned seed : {1u, 2u, 3u}) {
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<> uniform(-4.5, 4.5);
    std::normal_distribution<> normal;
    Vector x(5);
    for (double& entry : x) entry = uniform(random);
    const double first = descend(x);
    const auto hop = [&](const Vector& here, Vector& there) {
      there = here;
      there(static_cast<Index>(random() % 5)) += normal(random);
      return descend(there);
    };
    const Walk found = walk({.patience = 60}, first, x, hop);
    EXPECT_GT(first, 1.0);
    EXPECT_NEAR(found.value, 0.0, 1e-9);
    EXPECT_LT(x.norm(), 1e-6);
    EXPECT_GE(found.hops, 60u + found.lower);
    EXPECT_GE(found.lower, 1u);
  }
}

// Values by a script: what counts as lower, as the same, and as none.
TEST(Hopping, GoesDownOnlyAndCounts) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> script{3.0, 5.0, nan, 2.0, 2.0 + 1e-9, 2.0 - 1e-9, 2.5};
  std::size_t next = 0;
  std::vector<double> from;
  Vector x = Vector::Constant(1, 4.0);
  const auto hop = [&](const Vector& here, Vector& there) {
    from.push_back(here(0));
    there(0) = script[next];
    return script[next++];
  };
  const Walk found = walk({.patience = 3}, 4.0, x, hop);
  EXPECT_EQ(from, (std::vector<double>{4, 3, 3, 3, 2, 2, 2}));
  EXPECT_EQ(found.value, 2.0);
  EXPECT_EQ(x(0), 2.0);
  EXPECT_EQ(found.hops, 7u);
  EXPECT_EQ(found.lower, 2u);
  EXPECT_EQ(found.met, 2u);
  EXPECT_EQ(found.failed, 1u);
}

TEST(Hopping, BeginsAnywhereAndEnds) {
  Vector x = Vector::Zero(1);
  const auto hop = [](const Vector&, Vector& there) {
    there(0) = 1.0;
    return 7.0;
  };
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(walk({.patience = 5}, inf, x, hop).value, 7.0);  // a start that diverged
  EXPECT_EQ(walk({.patience = 50, .most = 4}, 7.0, x, hop).hops, 4u);
  EXPECT_THROW(walk({.patience = 0}, 1.0, x, hop), std::invalid_argument);
  EXPECT_THROW(walk({.tolerance = NAN}, 1.0, x, hop), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::optimize
