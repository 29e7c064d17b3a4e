#include "skeleta/measure/active_count.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

namespace skeleta {
namespace {

// By definition: add the probabilities of all 2^D supports.
std::vector<double> enumerate(const Vector& density) {
  const auto count = static_cast<unsigned>(density.size());
  std::vector<double> result(count + 1, 0.0);
  for (unsigned support = 0; support < (1u << count); ++support) {
    double probability = 1.0;
    for (unsigned j = 0; j < count; ++j) {
      const double p = density(j);
      probability *= (support >> j) & 1u ? p : 1.0 - p;
    }
    result[static_cast<std::size_t>(std::popcount(support))] += probability;
  }
  return result;
}

void expect_law(const Vector& density) {
  const ActiveCount count(density);
  const std::vector<double> expected = enumerate(density);
  double tail = 0.0;
  for (Index l = density.size(); l >= 0; --l) {
    const double pi = expected[static_cast<std::size_t>(l)];
    tail += pi;
    EXPECT_NEAR(count.probability(l), pi, 1e-14 * pi) << "l = " << l;
    EXPECT_NEAR(count.at_least(l), tail, 1e-14 * tail) << "l = " << l;
    EXPECT_NEAR(count.at_most(l), 1.0 - tail + pi, 1e-14) << "l = " << l;
  }
}

TEST(ActiveCount, MatchesEnumerationForUnequalDensities) {
  Vector density(9);
  density << 1e-6, 0.3, 0.05, 0.9, 0.0, 0.5, 1e-3, 0.75, 0.01;
  expect_law(density);
  density(3) = 1.0;
  expect_law(density);
}

TEST(ActiveCount, MatchesEnumerationForEqualDensities) {
  for (const double p : {0.0, 1e-9, 0.05, 0.5, 0.97, 1.0}) expect_law(Vector::Constant(10, p));
}

TEST(ActiveCount, TwoAlgorithmsAgreeAtLargeD) {
  // One density moved by an ulp turns the binomial path into the Poisson-binomial one.
  Vector density = Vector::Constant(2000, 0.01);
  const ActiveCount binomial(density);
  density(0) = std::nextafter(0.01, 1.0);
  const ActiveCount recursion(density);
  for (Index l = 0; l <= 120; ++l) {
    EXPECT_NEAR(recursion.probability(l), binomial.probability(l), 2e-12 * binomial.probability(l));
    EXPECT_NEAR(recursion.at_least(l), binomial.at_least(l), 2e-12 * binomial.at_least(l));
  }
}

TEST(ActiveCount, IsRightWithoutFeatures) {
  const ActiveCount count{Vector()};
  EXPECT_EQ(count.probability(0), 1.0);
  EXPECT_EQ(count.at_least(1), 0.0);
}

TEST(TailBounds, ContainTheTail) {
  Vector unequal(6);
  unequal << 0.01, 0.02, 0.3, 0.001, 0.15, 0.05;
  for (const Vector& density : {Vector(Vector::Constant(50, 0.002)), unequal}) {
    const ActiveCount count(density);
    EXPECT_GE(union_bound_two_active(density), count.at_least(2));
    for (Index m = 1; m <= density.size(); ++m) {
      EXPECT_GE(chernoff_bound(density, m) * (1 + 1e-12), count.at_least(m)) << "m = " << m;
    }
  }
  // C(50, 2) p², the textbook form.
  EXPECT_NEAR(union_bound_two_active(Vector::Constant(50, 0.002)), 1225 * 4e-6, 1e-15);
  EXPECT_EQ(chernoff_bound(Vector::Constant(4, 0.5), 2), 1.0);
  EXPECT_NEAR(chernoff_bound(Vector::Constant(4, 0.5), 4), std::pow(0.5, 4), 1e-15);
}

}  // namespace
}  // namespace skeleta
