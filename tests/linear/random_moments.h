#pragma once

#include <random>

#include "core/decompositions.h"
#include "skeleta/core/types.h"

namespace skeleta::linear {

inline Matrix random_matrix(Index rows, Index columns, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  return Matrix::NullaryExpr(rows, columns, [&] { return normal(random); });
}

/// Σ with these eigenvalues in a random basis.
inline Matrix random_moment(const Vector& eigenvalues, std::mt19937_64& random) {
  const Index D = eigenvalues.size();
  const Matrix Q = orthogonal_factor(random_matrix(D, D, random));
  const Matrix Sigma = Q * eigenvalues.asDiagonal() * Q.transpose();
  return 0.5 * (Sigma + Sigma.transpose());
}

}  // namespace skeleta::linear
