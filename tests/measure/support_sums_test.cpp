#include "measure/support_sums.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "support.h"

namespace skeleta {
namespace {

Matrix random_pairs(Index count, std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform;
  Matrix pairs = Matrix::Zero(count, count);
  for (Index k = 0; k < count; ++k) {
    for (Index j = 0; j < k; ++j) pairs(j, k) = pairs(k, j) = uniform(random);
  }
  return pairs;
}

// By definition: all 2^D supports.
std::vector<double> enumerate(const Matrix& pairs, const Vector& density) {
  const auto count = static_cast<unsigned>(density.size());
  std::vector<double> sums(count + 1, 0.0);
  for (unsigned support = 0; support < (1u << count); ++support) {
    double probability = 1.0, sum = 0.0;
    for (unsigned j = 0; j < count; ++j) {
      const bool active = (support >> j) & 1u;
      probability *= active ? density(j) : 1.0 - density(j);
      for (unsigned k = 0; k < j && active; ++k) sum += (support >> k) & 1u ? pairs(j, k) : 0.0;
    }
    sums[static_cast<std::size_t>(std::popcount(support))] += probability * sum;
  }
  return sums;
}

TEST(PairSums, MatchEnumeration) {
  std::mt19937_64 random(1);
  Vector with_certain = testing::random_features(9, 1.0, random).density;
  with_certain(2) = 1.0;
  with_certain(5) = 0.0;
  for (const Vector& density : {Vector(Vector::Constant(9, 0.3)), with_certain,
                                testing::random_features(9, 0.01, random).density}) {
    const Matrix pairs = random_pairs(9, random);
    const std::vector<double> expected = enumerate(pairs, density);
    const std::vector<double> sums = pair_sums(pairs, density, 9);
    for (std::size_t l = 0; l <= 9; ++l) EXPECT_NEAR(sums[l], expected[l], 1e-14 * expected[l]);
    EXPECT_EQ(pair_sums(pairs, density, 3)[3], sums[3]);
  }
}

// A table with t_jk = s_j + s_k counts each active feature l − 1 times.
TEST(SingleSums, AgreeWithPairSums) {
  std::mt19937_64 random(3);
  Vector density = testing::random_features(12, 0.6, random).density;
  density(1) = 1.0;
  density(2) = 0.0;
  const Vector singles = Vector::Random(12).cwiseAbs();
  Matrix pairs = singles.replicate(1, 12) + singles.transpose().replicate(12, 1);
  pairs.diagonal().setZero();
  const std::vector<double> single = single_sums(singles, density, 12);
  const std::vector<double> pair = pair_sums(pairs, density, 12);
  for (std::size_t l = 2; l <= 12; ++l) {
    EXPECT_NEAR(pair[l], static_cast<double>(l - 1) * single[l], 1e-13 * pair[l]);
  }
  // With feature 1 always on, N = 1 means it alone: s_1 Π (1 − p_j).
  double alone = singles(1);
  for (Index j = 0; j < 12; ++j) alone *= j == 1 ? 1.0 : 1.0 - density(j);
  EXPECT_NEAR(single[1], alone, 1e-14 * alone);
}

TEST(PairSums, TwoAlgorithmsAgreeAtLargeD) {
  std::mt19937_64 random(2);
  const Matrix pairs = random_pairs(150, random);
  Vector density = Vector::Constant(150, 0.04);
  const std::vector<double> equal = pair_sums(pairs, density, 30);
  density(0) = std::nextafter(0.04, 1.0);
  const std::vector<double> unequal = pair_sums(pairs, density, 30);
  for (std::size_t l = 2; l <= 30; ++l) EXPECT_NEAR(unequal[l], equal[l], 1e-12 * equal[l]);
}

TEST(PairSums, RefusesATableOfAnotherSize) {
  EXPECT_THROW(pair_sums(Matrix::Zero(3, 3), Vector::Constant(4, 0.1), 4), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta
