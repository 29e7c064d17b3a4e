#include "thomson/newton.h"

#include <algorithm>

#include "core/decompositions.h"
#include "core/products.h"
#include "skeleta/thomson/sphere_energy.h"

namespace skeleta::thomson {
namespace {

double dot(const Matrix& A, const Matrix& B) {
  return A.cwiseProduct(B).sum();
}

// What can change the shape of X: neither along the points, where rounding leaves a little of a
// gradient, nor a rotation AX of the whole, with A antisymmetric. The energy does not see those
// two, and conjugate gradients would blow up what rounding leaves of them.
class Shape {
 public:
  explicit Shape(const Matrix& X) : X_(X), axes_(symmetric_eigen(product_transposed(X, X))) {}

  Matrix part_of(const Matrix& V) const {
    return without_rotation(V - X_ * X_.cwiseProduct(V).colwise().sum().asDiagonal());
  }

 private:
  // A minimises ‖V − AX‖, so AM + MA = VXᵀ − XVᵀ with M = XXᵀ, which is solved entry by entry in
  // the eigenvectors of M.
  Matrix without_rotation(const Matrix& V) const {
    const Matrix& Q = axes_.vectors;
    const Vector& m = axes_.values;
    const Matrix moment = product_transposed(V, X_);
    Matrix A = product(transposed_product(Q, moment - moment.transpose()), Q);
    const double flat = 1e-12 * m.maxCoeff();  // a plane without points: nothing turns there
    for (Index j = 0; j < A.cols(); ++j) {
      for (Index i = 0; i < A.rows(); ++i) {
        A(i, j) = m(i) + m(j) > flat ? A(i, j) / (m(i) + m(j)) : 0.0;
      }
    }
    return V - product(product(Q, A), transposed_product(Q, X_));
  }

  const Matrix& X_;
  SymmetricEigen axes_;
};

// Conjugate gradients, which stop where the curvature is not positive.
Matrix newton_step(const PairEnergy& energy, const Matrix& X, const Matrix& gradient) {
  const Shape shape(X);
  Matrix step = Matrix::Zero(X.rows(), X.cols());
  Matrix residual = shape.part_of(-gradient), direction = residual;
  double squared = residual.squaredNorm();
  const double target = 1e-8 * squared;  // a fall by 1e-4
  for (Index k = 0; k < 2 * X.size() && squared > target; ++k) {
    const Matrix curved = shape.part_of(sphere_hessian_product(energy, X, direction));
    const double curvature = dot(direction, curved);
    if (!(curvature > 0.0)) break;
    step += squared / curvature * direction;
    residual -= squared / curvature * curved;
    const double before = squared;
    squared = residual.squaredNorm();
    direction = residual + squared / before * direction;
  }
  return step;
}

}  // namespace

double newton(const PairEnergy& energy, Matrix& X) {
  // Nothing leaves the span of the points: neither the gradient nor what the Hessian makes of it.
  if (X.rows() > X.cols()) {
    const Matrix basis = orthogonal_factor(X).leftCols(X.cols());
    Matrix within = transposed_product(basis, X);
    const double norm = newton(energy, within);
    X = product(basis, within);
    return norm;
  }
  Matrix gradient, next_gradient;
  sphere_gradient(energy, X, gradient);
  while (gradient.norm() > 0.0) {
    Matrix next = X + newton_step(energy, X, gradient);
    next.colwise().normalize();
    sphere_gradient(energy, next, next_gradient);
    if (!(next_gradient.norm() <= 0.9 * gradient.norm())) break;
    X.swap(next);
    gradient.swap(next_gradient);
  }
  return gradient.norm();
}

}  // namespace skeleta::thomson
