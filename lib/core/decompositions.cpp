#include "core/decompositions.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <Eigen/SVD>

namespace skeleta {

SymmetricEigen symmetric_eigen(const Matrix& A) {
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(A);
  return {solver.eigenvalues(), solver.eigenvectors()};
}

SymmetricEigen3 symmetric_eigen3(const Eigen::Matrix3d& A) {
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver(A);
  return {solver.eigenvalues(), solver.eigenvectors()};
}

Vector symmetric_eigenvalues(const Matrix& A) {
  return Eigen::SelfAdjointEigenSolver<Matrix>(A, Eigen::EigenvaluesOnly).eigenvalues();
}

Svd svd(const Matrix& A) {
  const Eigen::JacobiSVD<Matrix> solver(A, Eigen::ComputeThinU | Eigen::ComputeThinV);
  return {solver.matrixU(), solver.singularValues(), solver.matrixV()};
}

Vector singular_values(const Matrix& A) {
  return Eigen::JacobiSVD<Matrix>(A).singularValues();
}

Matrix orthogonal_factor(const Matrix& A) {
  return Eigen::HouseholderQR<Matrix>(A).householderQ();
}

std::vector<Index> spanning_columns(const Matrix& A) {
  const Eigen::ColPivHouseholderQR<Matrix> qr(A);
  const auto& order = qr.colsPermutation().indices();
  return {order.begin(), order.begin() + qr.rank()};
}

Vector least_squares(const Matrix& A, const Vector& b, double threshold) {
  Eigen::CompleteOrthogonalDecomposition<Matrix> solver;
  solver.setThreshold(threshold);
  solver.compute(A);
  return solver.solve(b);
}

std::optional<Vector> solve_positive(const Matrix& A, const Vector& b, double least_pivot) {
  const Eigen::LDLT<Matrix> solver(A);
  if (!solver.isPositive() || !(solver.vectorD().minCoeff() > least_pivot)) return std::nullopt;
  return solver.solve(b);
}

}  // namespace skeleta
