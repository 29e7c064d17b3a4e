#include "core/decompositions.h"

#include <gtest/gtest.h>

namespace skeleta {
namespace {

// The third column is the sum of the others: of all x with Ax = b the shortest has the residual 0
// and is orthogonal to (1, 1, −1), which A maps to 0.
TEST(Decompositions, TheShortestOfAllLeastSquaresSolutionsIsFound) {
  Matrix A(4, 3);
  A << 1, 0, 1, 0, 1, 1, 2, 1, 3, 1, 1, 2;
  const Vector b = A * Vector{{1.0, 2.0, 3.0}};
  const Vector x = least_squares(A, b, 1e-8);
  EXPECT_LT((A * x - b).norm(), 1e-13 * b.norm());
  EXPECT_NEAR(x.dot(Vector{{1.0, 1.0, -1.0}}), 0.0, 1e-13 * x.norm());
}

TEST(Decompositions, PositiveSystemsAreSolvedAndOthersRefused) {
  Matrix A(2, 2);
  A << 4, 2, 2, 3;
  const auto x = solve_positive(A, Vector{{2.0, 5.0}}, 1e-8);
  ASSERT_TRUE(x);
  EXPECT_NEAR((*x - Vector{{-0.5, 2.0}}).norm(), 0.0, 1e-14);
  A(1, 1) = 1.0 + 1e-9;  // the second pivot is 1e-9
  EXPECT_FALSE(solve_positive(A, Vector{{2.0, 5.0}}, 1e-8));
  EXPECT_TRUE(solve_positive(A, Vector{{2.0, 5.0}}, 1e-10));
  A(1, 1) = -1.0;
  EXPECT_FALSE(solve_positive(A, Vector{{2.0, 5.0}}, 0.0));
}

}  // namespace
}  // namespace skeleta
