#include "skeleta/thomson/coordination.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>

#include "core/products.h"
#include "thomson/unit_columns.h"

namespace skeleta::thomson {
namespace {

using Plane = Eigen::Matrix<double, 2, Eigen::Dynamic>;

double cross(const Eigen::Vector2d& a, const Eigen::Vector2d& b) {
  return a.x() * b.y() - a.y() * b.x();
}

// Whether the step b from a corner of the hull lies right of the step a, so that the hull cannot
// turn left of it; of steps in line the longer one is outside.
bool outside(const Eigen::Vector2d& b, const Eigen::Vector2d& a, double tolerance) {
  const double turn = cross(a, b), in_line = tolerance * a.norm() * b.norm();
  return turn < -in_line || (turn <= in_line && b.squaredNorm() > a.squaredNorm());
}

// Number of corners of the convex hull of points in the plane, by wrapping it (Jarvis 1973).
Index corners(const Plane& points, double tolerance) {
  if (points.cols() == 0) return 0;
  Index start = 0;  // the farthest from any point is a corner
  (points.colwise() - points.col(0)).colwise().squaredNorm().maxCoeff(&start);
  const double same = tolerance * (1.0 + points.cwiseAbs().maxCoeff());
  Index current = start;
  for (Index count = 1; count <= points.cols(); ++count) {
    Eigen::Vector2d best = Eigen::Vector2d::Zero();
    Index next = start;
    for (Index j = 0; j < points.cols(); ++j) {
      const Eigen::Vector2d step = points.col(j) - points.col(current);
      if (step.norm() <= same) continue;
      if (best.isZero(0.0) || outside(step, best, tolerance)) {
        best = step;
        next = j;
      }
    }
    if ((points.col(next) - points.col(start)).norm() <= same) return count;
    current = next;
  }
  return points.cols();
}

// Projecting the sphere stereographically from x_i to a plane turns the cone of the convex hull at
// x_i into the hull of the other points' images, and its edges into corners.
Index hull_edges(const Matrix& X, Index i, double tolerance) {
  const Eigen::Vector3d pole = X.col(i);
  const Eigen::Vector3d e1 = pole.unitOrthogonal(), e2 = pole.cross(e1);
  Plane images(2, X.cols());
  Index count = 0;
  for (Index j = 0; j < X.cols(); ++j) {
    const Eigen::Vector3d x = X.col(j);
    const double depth = 0.5 * (x - pole).squaredNorm();  // 1 − x_i·x_j
    if (depth <= tolerance * tolerance) continue;
    images.col(count++) << e1.dot(x) / depth, e2.dot(x) / depth;
  }
  return corners(images.leftCols(count), tolerance);
}

std::vector<Index> contacts(const Matrix& X, double tolerance) {
  Matrix gram = transposed_product(X, X);
  const double coincident = 1.0 - tolerance * tolerance / 2.0;
  gram = (gram.array() >= coincident).select(-2.0, gram);
  const double closest = gram.maxCoeff();
  std::vector<Index> result;
  for (Index j = 0; j < X.cols(); ++j) {
    const bool none = closest < -1.5;
    result.push_back(none ? 0 : (gram.col(j).array() >= closest - tolerance).count());
  }
  return result;
}

}  // namespace

std::vector<Index> coordination(const Matrix& X, double tolerance) {
  check_unit_columns("points", X);
  if (X.rows() != 3) return contacts(X, tolerance);
  std::vector<Index> result;
  for (Index i = 0; i < X.cols(); ++i) result.push_back(hull_edges(X, i, tolerance));
  return result;
}

}  // namespace skeleta::thomson
