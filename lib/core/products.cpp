#include "core/products.h"

#include <fmt/format.h>

#include <atomic>
#include <stdexcept>

#include "core/no_fork.h"
#include "core/product_loops.h"

namespace skeleta {
namespace {

void check(bool fits, MatrixIn A, MatrixIn B) {
  if (fits) return;
  throw std::invalid_argument(fmt::format("matrices of {} x {} and {} x {} have no such product",
                                          A.rows(), A.cols(), B.rows(), B.cols()));
}

std::atomic<const ProductLoops*> prepared{nullptr};

const ProductLoops& prepared_loops() {
  if (const ProductLoops* const loops = prepared) return *loops;
  const NoFork meanwhile;
  const ProductLoops& loops = product_loops();
  loops.prepare();
  prepared = &loops;
  return loops;
}

}  // namespace

Matrix product(MatrixIn A, MatrixIn B) {
  Matrix C(A.rows(), B.cols());
  set_product(A, B, C);
  return C;
}

Matrix transposed_product(MatrixIn A, MatrixIn B) {
  Matrix C(A.cols(), B.cols());
  set_transposed_product(A, B, C);
  return C;
}

Matrix product_transposed(MatrixIn A, MatrixIn B) {
  Matrix C = Matrix::Zero(A.rows(), B.rows());
  add_product_transposed(A, B, C);
  return C;
}

void set_product(MatrixIn A, MatrixIn B, MatrixOut C) {
  check(A.cols() == B.rows() && C.rows() == A.rows() && C.cols() == B.cols(), A, B);
  prepared_loops().set(A, B, C);
}

void set_transposed_product(MatrixIn A, MatrixIn B, MatrixOut C) {
  check(A.rows() == B.rows() && C.rows() == A.cols() && C.cols() == B.cols(), A, B);
  prepared_loops().set_transposed(A, B, C);
}

void add_product_transposed(MatrixIn A, MatrixIn B, MatrixOut C) {
  check(A.cols() == B.cols() && C.rows() == A.rows() && C.cols() == B.rows(), A, B);
  prepared_loops().add_by_transposed(A, B, C);
}

}  // namespace skeleta
