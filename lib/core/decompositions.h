#pragma once

#include <optional>
#include <vector>

#include "skeleta/core/types.h"

// Eigen's decompositions of plain matrices, compiled once: each costs seconds wherever it is
// instantiated.
namespace skeleta {

/// A = V diag(values) Vᵀ of a symmetric matrix (only its lower half is read), values increasing.
struct SymmetricEigen {
  Vector values;
  Matrix vectors;
};
SymmetricEigen symmetric_eigen(const Matrix& A);
Vector symmetric_eigenvalues(const Matrix& A);

/// Likewise, and nothing is allocated.
struct SymmetricEigen3 {
  Eigen::Vector3d values;
  Eigen::Matrix3d vectors;
};
SymmetricEigen3 symmetric_eigen3(const Eigen::Matrix3d& A);

/// A = U diag(values) Vᵀ with min(rows, columns) values, decreasing.
struct Svd {
  Matrix U;
  Vector values;
  Matrix V;
};
Svd svd(const Matrix& A);
Vector singular_values(const Matrix& A);

/// The square orthogonal Q of A = QR.
Matrix orthogonal_factor(const Matrix& A);

/// Columns that span what all span, each as independent of those before as possible (QR with
/// pivots); as many as the rank.
std::vector<Index> spanning_columns(const Matrix& A);

/// The shortest x with ‖Ax − b‖ least, where directions in which A is below `threshold` of its
/// largest pivot count as 0.
Vector least_squares(const Matrix& A, const Vector& b, double threshold);

/// A⁻¹b of a symmetric matrix; nothing unless all pivots of LDLᵀ exceed `least_pivot` ≥ 0.
std::optional<Vector> solve_positive(const Matrix& A, const Vector& b, double least_pivot);

}  // namespace skeleta
