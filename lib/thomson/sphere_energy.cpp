#include "skeleta/thomson/sphere_energy.h"

#include <fmt/format.h>

#include <stdexcept>

#include "skeleta/core/cancellation.h"

namespace skeleta::thomson {
namespace {

// The points as rows, so that a loop over the points before the j-th one is along memory.
using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

void check(const PairEnergy& energy, const Matrix& X) {
  validate(energy);
  if (X.size() == 0 || !X.allFinite()) {
    throw std::invalid_argument(
        fmt::format("points ({} x {}) must not be empty and must be finite", X.rows(), X.cols()));
  }
  for (Index j = 0; j < X.cols(); ++j) {
    if (X.col(j).isZero(0.0)) {
      throw std::invalid_argument(fmt::format("point {} is zero and has no direction", j));
    }
  }
}

std::span<double> head(Vector& values, Index count) {
  return {values.data(), static_cast<std::size_t>(count)};
}

// Inner products of point j with those before it, and f and its derivatives there.
struct Pairs {
  explicit Pairs(Index points) : cosine(points), value(points), slope(points), curvature(points) {}

  void look_back(const PairEnergy& energy, const Rows& unit, Index j) {
    cosine.head(j).noalias() = unit.topRows(j) * unit.row(j).transpose();
    pair_energies(energy, head(cosine, j), head(value, j), head(slope, j));
  }

  void look_back_twice(const PairEnergy& energy, const Rows& unit, Index j) {
    cosine.head(j).noalias() = unit.topRows(j) * unit.row(j).transpose();
    pair_energies(energy, head(cosine, j), head(value, j), head(slope, j), head(curvature, j));
  }

  Vector cosine, value, slope, curvature;
};

}  // namespace

double sphere_energy(const PairEnergy& energy, const Matrix& X) {
  check(energy, X);
  const Rows unit = X.colwise().stableNorm().cwiseInverse().asDiagonal() * X.transpose();
  Pairs pairs(X.cols());
  double sum = 0.0;
  for (Index j = 1; j < X.cols(); ++j) {
    poll();
    pairs.look_back(energy, unit, j);
    sum += pairs.value.head(j).sum();
  }
  return sum;
}

double sphere_gradient(const PairEnergy& energy, const Matrix& X, Matrix& gradient) {
  const Vector inverse_norm = X.colwise().norm().cwiseInverse();
  const Rows unit = inverse_norm.asDiagonal() * X.transpose();
  Rows pull = Rows::Zero(X.cols(), X.rows());  // Σ_j f′(x̂_i·x̂_j) x̂_j
  Pairs pairs(X.cols());
  double sum = 0.0;
  for (Index j = 1; j < X.cols(); ++j) {
    poll();
    pairs.look_back(energy, unit, j);
    sum += pairs.value.head(j).sum();
    pull.row(j).noalias() += pairs.slope.head(j).transpose() * unit.topRows(j);
    pull.topRows(j).noalias() += pairs.slope.head(j) * unit.row(j);
  }
  const Vector radial = pull.cwiseProduct(unit).rowwise().sum();
  gradient = (inverse_norm.asDiagonal() * (pull - radial.asDiagonal() * unit)).transpose();
  return sum;
}

Matrix sphere_hessian_product(const PairEnergy& energy, const Matrix& X, const Matrix& U) {
  const Rows unit = X.transpose();
  // Rounding leaves a part along X, where the curvature is negative: iterations would let it grow.
  const Vector off = X.cwiseProduct(U).colwise().sum();
  const Rows along = U.transpose() - off.asDiagonal() * unit;
  Rows pull = Rows::Zero(X.cols(), X.rows()), change = pull;
  Pairs pairs(X.cols());
  Vector turned(X.cols());  // f″ times the change of the inner product
  for (Index j = 1; j < X.cols(); ++j) {
    poll();
    pairs.look_back_twice(energy, unit, j);
    const auto before = unit.topRows(j), moved = along.topRows(j);
    turned.head(j).noalias() = before * along.row(j).transpose();
    turned.head(j).noalias() += moved * unit.row(j).transpose();
    turned.head(j).array() *= pairs.curvature.head(j).array();
    pull.row(j).noalias() += pairs.slope.head(j).transpose() * before;
    pull.topRows(j).noalias() += pairs.slope.head(j) * unit.row(j);
    change.row(j).noalias() += turned.head(j).transpose() * before;
    change.row(j).noalias() += pairs.slope.head(j).transpose() * moved;
    change.topRows(j).noalias() += turned.head(j) * unit.row(j);
    change.topRows(j).noalias() += pairs.slope.head(j) * along.row(j);
  }
  const Vector radial = change.cwiseProduct(unit).rowwise().sum();
  const Vector tension = pull.cwiseProduct(unit).rowwise().sum();
  return (change - radial.asDiagonal() * unit - tension.asDiagonal() * along).transpose();
}

}  // namespace skeleta::thomson
