#include "core/products.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

namespace skeleta {
namespace {

// Whole numbers up to 7: every product is exact, so any order of summation gives the same bits.
Matrix whole_numbers(Index rows, Index cols) {
  Matrix A(rows, cols);
  for (Index k = 0; k < A.size(); ++k) A.data()[k] = static_cast<double>((k * k + 3 * k) % 8) - 3.0;
  return A;
}

// By the definition (AB)_ij = Σ_k a_ik b_kj.
Matrix by_definition(const Matrix& A, const Matrix& B) {
  Matrix C = Matrix::Zero(A.rows(), B.cols());
  for (Index i = 0; i < A.rows(); ++i) {
    for (Index j = 0; j < B.cols(); ++j) {
      for (Index k = 0; k < A.cols(); ++k) C(i, j) += A(i, k) * B(k, j);
    }
  }
  return C;
}

// Small sizes, for which Eigen has a way of its own, and some that end within a register or block.
TEST(Products, AreThoseOfTheDefinition) {
  for (const auto& [n, m, l] :
       {std::array<Index, 3>{1, 1, 1}, {2, 5, 3}, {33, 17, 41}, {70, 130, 9}}) {
    const Matrix A = whole_numbers(n, m), B = whole_numbers(m, l);
    const Matrix At = A.transpose(), Bt = B.transpose(), AB = by_definition(A, B);
    EXPECT_EQ(product(A, B), AB);
    EXPECT_EQ(transposed_product(At, B), AB);
    EXPECT_EQ(product_transposed(A, Bt), AB);
    Matrix C = Matrix::Constant(n, l, 5.0);
    add_product_transposed(A, Bt, C);
    EXPECT_EQ(C, AB + Matrix::Constant(n, l, 5.0));
  }
}

TEST(Products, WriteIntoColumnsOfALargerMatrix) {
  const Matrix A = whole_numbers(4, 3), B = whole_numbers(3, 2);
  Matrix C = Matrix::Constant(4, 5, 9.0);
  set_product(A, B, C.middleCols(1, 2));
  EXPECT_EQ(C.middleCols(1, 2), by_definition(A, B));
  EXPECT_TRUE((C.col(0).array() == 9.0).all() && (C.rightCols(2).array() == 9.0).all());
}

TEST(Products, RefuseSizesThatDoNotFit) {
  const Matrix A = whole_numbers(4, 3), B = whole_numbers(2, 5);
  EXPECT_THROW(product(A, B), std::invalid_argument);
  EXPECT_THROW(transposed_product(A, B), std::invalid_argument);
  EXPECT_THROW(product_transposed(A, B), std::invalid_argument);
  Matrix C(4, 4);
  EXPECT_THROW(set_product(A, whole_numbers(3, 5), C), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta
