#include "geometry/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "geometry/configurations.h"

namespace skeleta::geometry {
namespace {

double total(const Matrix& cost, const std::vector<Index>& permutation) {
  double sum = 0.0;
  for (Index i = 0; i < cost.rows(); ++i) sum += cost(i, permutation[static_cast<std::size_t>(i)]);
  return sum;
}

double least_of_all(const Matrix& cost) {
  std::vector<Index> permutation(static_cast<std::size_t>(cost.rows()));
  std::iota(permutation.begin(), permutation.end(), Index{0});
  double least = std::numeric_limits<double>::infinity();
  do {
    least = std::min(least, total(cost, permutation));
  } while (std::next_permutation(permutation.begin(), permutation.end()));
  return least;
}

// Continuous costs, and small integers with many ties; signs of both kinds.
TEST(Assignment, IsTheBestOfAllPermutations) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 300; ++trial) {
    const Index n = 1 + trial % 7;
    Matrix cost = random_matrix(n, n, random);
    if (trial % 2 == 0) cost = (2.0 * cost).array().round().matrix();
    const auto permutation = assignment(cost);
    EXPECT_TRUE(std::is_permutation(permutation.begin(), permutation.end(),
                                    random_permutation(n, random).begin()));
    EXPECT_NEAR(total(cost, permutation), least_of_all(cost), 1e-12);
  }
}

TEST(Assignment, FindsAHiddenPermutation) {
  std::mt19937_64 random(2);
  for (const Index n : {50, 300}) {
    const auto hidden = random_permutation(n, random);
    Matrix cost = random_matrix(n, n, random).cwiseAbs();
    for (Index i = 0; i < n; ++i) cost(i, hidden[static_cast<std::size_t>(i)]) = -1e-3;
    EXPECT_EQ(assignment(cost), hidden);
  }
}

TEST(Assignment, RefusesWhatIsNoSquareOfNumbers) {
  EXPECT_THROW(assignment(Matrix::Zero(2, 3)), std::invalid_argument);
  EXPECT_THROW(assignment(Matrix{{std::nan("")}}), std::invalid_argument);
  EXPECT_TRUE(assignment(Matrix(0, 0)).empty());
}

}  // namespace
}  // namespace skeleta::geometry
