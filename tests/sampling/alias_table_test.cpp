#include "skeleta/sampling/alias_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace skeleta::sampling {
namespace {

// Evenly spaced words are drawn in their exact proportions: each of the n cells is cut once, so
// that a frequency is off by at most n/words.
Vector frequencies(const Vector& weight) {
  constexpr std::uint64_t words = 1 << 20;
  const AliasTable table(weight);
  Vector counts = Vector::Zero(weight.size());
  for (std::uint64_t k = 0; k < words; ++k) {
    counts(table.draw(k * (~std::uint64_t{0} / words) + (std::uint64_t{1} << 40))) += 1.0;
  }
  return counts / static_cast<double>(words);
}

void expect_frequencies(const Vector& weight) {
  const Vector expected = weight / weight.sum(), found = frequencies(weight);
  const double most = static_cast<double>(weight.size() + 1) / (1 << 20);
  EXPECT_LT((found - expected).cwiseAbs().maxCoeff(), most) << weight.transpose();
}

TEST(AliasTable, DrawsInProportionToTheWeights) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> uniform;
  for (const Index n : {1, 2, 3, 17, 100}) {
    for (const double power : {0.0, 1.0, 20.0}) {
      Vector weight(n);
      for (double& w : weight) w = std::pow(uniform(random), power);
      expect_frequencies(weight);
    }
  }
}

TEST(AliasTable, NeverDrawsAZeroWeight) {
  const Vector weight = (Vector(6) << 0.0, 3.0, 0.0, 1e-3, 0.0, 2.0).finished();
  expect_frequencies(weight);
  const Vector found = frequencies(weight);
  EXPECT_EQ(found(0) + found(2) + found(4), 0.0);
}

}  // namespace
}  // namespace skeleta::sampling
