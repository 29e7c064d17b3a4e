#include "training/orbit.h"

#include <algorithm>
#include <vector>

#include "core/decompositions.h"
#include "core/products.h"
#include "skeleta/training/parameters.h"

namespace skeleta::training {
namespace {

Matrix tangents(const Autoencoder& model) {
  const Index d = model.hidden();
  // Noise on the hidden layer is alike in all orthogonal coordinates only.
  const bool turns = model.tied() || model.noise > 0.0;
  std::vector<Vector> columns;
  const auto add = [&](const Matrix& M) {
    Autoencoder moved = model;
    moved.W = skeleta::product(M, model.W);
    if (!model.tied()) moved.W_out = -skeleta::product(model.W_out, M);
    moved.b.setZero();
    columns.push_back(to_parameters(moved));
  };
  for (Index a = 0; a < d; ++a) {
    for (Index e = 0; e < d; ++e) {
      Matrix M = Matrix::Zero(d, d);
      M(a, e) = 1.0;
      if (turns) {
        if (e >= a) continue;
        M(e, a) = -1.0;
      }
      add(M);
    }
  }
  Matrix result(parameter_count(model), static_cast<Index>(columns.size()));
  for (std::size_t k = 0; k < columns.size(); ++k) result.col(static_cast<Index>(k)) = columns[k];
  return result;
}

}  // namespace

// By the eigenvectors of AᵀA, which is small where A is tall.
Matrix orthonormal(const Matrix& A) {
  if (A.cols() == 0) return A;
  const SymmetricEigen eigen = symmetric_eigen(transposed_product(A, A));
  const double largest = std::max(eigen.values.maxCoeff(), 1e-300);
  const Index rank = (eigen.values.array() > 1e-14 * largest).count();
  const Vector scale = eigen.values.tail(rank).cwiseSqrt().cwiseInverse();
  return skeleta::product(A, eigen.vectors.rightCols(rank) * scale.asDiagonal());
}

Matrix beside(const Matrix& A, const Matrix& B) {
  Matrix result(A.rows(), A.cols() + B.cols());
  result << A, B;
  return result;
}

Matrix orbit(const Autoencoder& model) {
  return orthonormal(tangents(model));
}

}  // namespace skeleta::training
