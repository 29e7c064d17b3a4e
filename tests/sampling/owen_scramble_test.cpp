#include "sampling/owen_scramble.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "sampling/sobol.h"
#include "support.h"

namespace skeleta::sampling {
namespace {

// Rule of the chi-square tests here: fixed seeds, p-value above 1e-4.
constexpr double least_p_value = 1e-4;

TEST(OwenScramble, IsNested) {
  // Numbers that agree in exactly k digits still do: the lowest set bit of x ^ y stays.
  std::mt19937_64 random(1);
  for (std::uint64_t c = 0; c < 200; ++c) {
    const OwenScramble scramble({.seed = 7}, c);
    for (unsigned k = 0; k < 64; ++k) {
      const std::uint64_t x = random();
      const std::uint64_t y = x ^ ((random() | 1u) << k);
      const std::uint64_t difference = scramble(x) ^ scramble(y);
      ASSERT_EQ(static_cast<unsigned>(std::countr_zero(difference)), k);
    }
  }
}

TEST(OwenScramble, DigitsComeBackInOrder) {
  EXPECT_EQ(from_digits(1), std::uint64_t{1} << 63);
  EXPECT_EQ(from_digits(0b1101), std::uint64_t{0b1011} << 60);
  EXPECT_EQ(from_digits(from_digits(0x0123456789abcdef)), 0x0123456789abcdefu);
}

// P-value for: over random scrambles, the digits of x and y after their first `common` + 1 are all
// independent and uniform. Cells: `depth` digits of each.
template <class Scramble>
double joint_p_value(std::uint64_t x, std::uint64_t y, unsigned depth) {
  const auto common = static_cast<unsigned>(std::countr_zero(x ^ y));
  const std::uint64_t mask = (std::uint64_t{1} << depth) - 1;
  const int scrambles = testing::scaled(100000, 20000);
  std::vector<double> observed(std::size_t{1} << (2 * depth), 0.0);
  for (int i = 0; i < scrambles; ++i) {
    const Scramble scramble({.seed = 11, .replicate = static_cast<std::uint64_t>(i)}, 0);
    const std::uint64_t u = (scramble(x) >> (common + 1)) & mask;
    const std::uint64_t v = (scramble(y) >> (common + 1)) & mask;
    ++observed[(u << depth) | v];
  }
  const std::vector<double> expected(observed.size(),
                                     scrambles / static_cast<double>(observed.size()));
  return testing::chi_square_p_value(observed, expected);
}

// A random shift by xor: nested and uniform, but all numbers get the same flips.
struct DigitalShift {
  DigitalShift(const StreamKey& key, std::uint64_t coordinate)
      : shift(PointStream(key, coordinate).word()) {}
  std::uint64_t operator()(std::uint64_t x) const { return x ^ shift; }
  std::uint64_t shift;
};

TEST(OwenScramble, BranchesAreScrambledIndependently) {
  std::mt19937_64 random(2);
  for (const unsigned common : {0u, 1u, 2u, 5u, 11u, 40u}) {
    for (const std::uint64_t x : {std::uint64_t{0}, random()}) {
      for (const std::uint64_t flip : {std::uint64_t{1}, random() | 1u}) {
        EXPECT_GT(joint_p_value<OwenScramble>(x, x ^ (flip << common), 3), least_p_value)
            << common << " digits in common, x = " << x << ", flip = " << flip;
      }
    }
  }
}

TEST(OwenScramble, TheTestOfIndependenceNoticesAMereShift) {
  EXPECT_LT(joint_p_value<DigitalShift>(0, 1, 3), least_p_value);
}

TEST(OwenScramble, ASinglePointIsUniform) {
  const int scrambles = testing::scaled(100000, 20000);
  for (const std::uint64_t x : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    std::vector<double> observed(256, 0.0);
    for (int i = 0; i < scrambles; ++i) {
      const OwenScramble scramble({.replicate = static_cast<std::uint64_t>(i)}, 4);
      ++observed[from_digits(scramble(x)) >> 56];
    }
    EXPECT_GT(testing::chi_square_p_value(observed, std::vector<double>(256, scrambles / 256.0)),
              least_p_value);
  }
}

TEST(OwenScramble, DependsOnEveryPartOfItsName) {
  const StreamKey key{5, Purpose::estimate, 6, 7};
  std::set<std::uint64_t> results;
  const StreamKey others[] = {{4, key.purpose, 6, 7},
                              {5, Purpose::pilot, 6, 7},
                              {5, key.purpose, 5, 7},
                              {5, key.purpose, 6, 8}};
  for (const StreamKey& other : others) results.insert(OwenScramble(other, 8)(0));
  results.insert(OwenScramble(key, 8)(0));
  results.insert(OwenScramble(key, 9)(0));
  EXPECT_EQ(results.size(), 6u);
}

// The scrambled points of one coordinate are one uniform number in each of n cells, independently,
// so the mean of f(x) = x has variance n · (1/n²) · 1/(12n²) = 1/(12n³). Rule: within five standard
// errors, √(2/R) relative for R replicates (the mean is nearly normal).
TEST(OwenScramble, TheVarianceOfAMeanIsThatOfOnePointInEachCell) {
  const SobolSequence sobol(1);
  constexpr std::uint64_t n = 64;
  const int replicates = testing::scaled(20000, 4000);
  std::vector<std::uint64_t> digits(n);
  sobol.digits(0, 0, digits);
  double sum = 0.0;
  for (int r = 0; r < replicates; ++r) {
    const OwenScramble scramble({.replicate = static_cast<std::uint64_t>(r)}, 0);
    double mean = -0.5;
    for (const std::uint64_t x : digits) {
      mean += std::ldexp(static_cast<double>(from_digits(scramble(x))), -64) / n;
    }
    sum += mean * mean;
  }
  const double expected = 1.0 / (12.0 * n * n * n);
  EXPECT_NEAR(sum / replicates, expected, 5.0 * std::sqrt(2.0 / replicates) * expected);
}

}  // namespace
}  // namespace skeleta::sampling
