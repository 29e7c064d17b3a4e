#pragma once

#include <cmath>
#include <numbers>
#include <numeric>
#include <random>

#include "core/decompositions.h"
#include "skeleta/core/types.h"

namespace skeleta::geometry {

/// n unit vectors at equal angles in the plane.
inline Matrix polygon(Index n) {
  Matrix W(2, n);
  for (Index j = 0; j < n; ++j) {
    const double angle = 2.0 * std::numbers::pi * static_cast<double>(j) / static_cast<double>(n);
    W.col(j) << std::cos(angle), std::sin(angle);
  }
  return W;
}

inline Matrix digon() {
  return Matrix{{1.0, -1.0}};
}

inline Matrix tetrahedron() {
  return Matrix{{1, 1, -1, -1}, {1, -1, 1, -1}, {1, -1, -1, 1}} / std::sqrt(3.0);
}

/// The square antiprism with vertices at heights ±z on the unit sphere.
inline Matrix antiprism(double z) {
  Matrix W(3, 8);
  for (Index j = 0; j < 8; ++j) {
    const double angle = std::numbers::pi * static_cast<double>(j) / 4.0, r = std::sqrt(1 - z * z);
    W.col(j) << r * std::cos(angle), r * std::sin(angle), j % 2 == 0 ? z : -z;
  }
  return W;
}

/// One of each pair of opposite vertices of the icosahedron: six equiangular lines.
inline Matrix icosahedral_lines() {
  const double g = std::numbers::phi;
  return Matrix{{0, 0, 1, 1, g, g}, {1, 1, g, -g, 0, 0}, {g, -g, 0, 0, 1, -1}} /
         std::sqrt(1 + g * g);
}

/// e_1, …, e_d, −e_1, …, −e_d
inline Matrix orthoplex(Index d) {
  Matrix W(d, 2 * d);
  W << Matrix::Identity(d, d), -Matrix::Identity(d, d);
  return W;
}

/// d + 1 unit vectors at equal angles in R^d, by Cholesky's factor of their Gram matrix.
inline Matrix simplex(Index d) {
  Matrix W = Matrix::Zero(d, d + 1);
  for (Index i = 0; i < d; ++i) {
    W(i, i) = std::sqrt(1.0 - W.col(i).head(i).squaredNorm());
    for (Index j = i + 1; j <= d; ++j) {
      W(i, j) = (-1.0 / static_cast<double>(d) - W.col(i).head(i).dot(W.col(j).head(i))) / W(i, i);
    }
  }
  return W;
}

/// A and B in orthogonal spaces.
inline Matrix direct_sum(const Matrix& A, const Matrix& B) {
  Matrix W = Matrix::Zero(A.rows() + B.rows(), A.cols() + B.cols());
  W.topLeftCorner(A.rows(), A.cols()) = A;
  W.bottomRightCorner(B.rows(), B.cols()) = B;
  return W;
}

inline Matrix random_matrix(Index rows, Index columns, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  return Matrix::NullaryExpr(rows, columns, [&] { return normal(random); });
}

inline Matrix random_orthogonal(Index d, std::mt19937_64& random) {
  return orthogonal_factor(random_matrix(d, d, random));
}

inline std::vector<Index> random_permutation(Index n, std::mt19937_64& random) {
  std::vector<Index> permutation(static_cast<std::size_t>(n));
  std::iota(permutation.begin(), permutation.end(), Index{0});
  std::shuffle(permutation.begin(), permutation.end(), random);
  return permutation;
}

/// W turned, perhaps reflected, and relabelled.
inline Matrix disguised(const Matrix& W, std::mt19937_64& random) {
  const Matrix turned = random_orthogonal(W.rows(), random) * W;
  return turned(Eigen::all, random_permutation(W.cols(), random));
}

}  // namespace skeleta::geometry
