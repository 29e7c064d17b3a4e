#include "training/coherence_cap.h"

#include <algorithm>
#include <cmath>

#include "core/products.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::training {
namespace {

constexpr double tolerance = 1e-8;  // of |cos|
constexpr double slack = 1e-9;      // of the objective, what multipliers charge that are too large
constexpr double little = 0.05;     // of the longest column
constexpr int settled = 3;          // rounds, before which short columns say nothing
constexpr int patience = 30;        // rounds, then the shorter one of the worst pair is dropped

Matrix gram_of(const Matrix& W) {
  return gram({W, Vector::Zero(W.cols())});
}

// ⟨w_i, w_j⟩² − c² |w_i|² |w_j|².
double conflict(const Matrix& G, Index i, Index j, double squared) {
  return G(i, j) * G(i, j) - squared * G(i, i) * G(j, j);
}

struct Pair {
  Index i = 0, j = 0;
  double excess = 0.0;  // |cos| − c
};

Pair worst_of(const Matrix& G, double cap) {
  Pair worst;
  for (Index j = 0; j < G.cols(); ++j) {
    for (Index i = 0; i < j; ++i) {
      const double lengths = std::sqrt(G(i, i)) * std::sqrt(G(j, j));
      if (lengths == 0.0) continue;
      const double excess = std::abs(G(i, j)) / lengths - cap;
      if (excess > worst.excess) worst = {i, j, excess};
    }
  }
  return worst;
}

}  // namespace

CoherenceCap::CoherenceCap(double cap, Index features, double scale)
    : squared_(cap * cap),
      scale_(scale),
      weight_(scale),
      multipliers_(Matrix::Zero(features, features)),
      dropped_(static_cast<std::size_t>(features), false) {}

double CoherenceCap::add(const Matrix& W, Vector& gradient) const {
  const Matrix G = gram_of(W);
  const Vector squares = G.diagonal();
  Matrix slope = Matrix::Zero(G.rows(), G.cols());  // max(0, λ + μ g)
  double value = 0.0;
  for (Index j = 0; j < G.cols(); ++j) {
    for (Index i = 0; i < j; ++i) {
      const double before = multipliers_(i, j);
      const double after = std::max(0.0, before + weight_ * conflict(G, i, j, squared_));
      slope(i, j) = slope(j, i) = after;
      value += (after * after - before * before) / (2.0 * weight_);
    }
  }
  const Matrix change = 2.0 * (product(W, slope.cwiseProduct(G)) -
                               squared_ * W * Vector(slope * squares).asDiagonal());
  gradient.head(W.size()) += change.reshaped();
  for (std::size_t k = 0; k < dropped_.size(); ++k) {
    if (dropped_[k]) gradient.segment(static_cast<Index>(k) * W.rows(), W.rows()).setZero();
  }
  return value;
}

bool CoherenceCap::holds(Matrix& W) {
  const Matrix G = gram_of(W);
  const double cap = std::sqrt(squared_);
  const Pair worst = worst_of(G, cap);
  const bool obeyed = worst.excess <= tolerance;
  double loose = 0.0;  // Σ λ |g|, which vanishes at a solution
  Matrix next = multipliers_;
  for (Index j = 0; j < G.cols(); ++j) {
    for (Index i = 0; i < j; ++i) {
      const double g = conflict(G, i, j, squared_);
      loose += multipliers_(i, j) * std::abs(g);
      next(i, j) = next(j, i) = std::max(0.0, multipliers_(i, j) + weight_ * g);
    }
  }
  if (obeyed && (loose <= slack * scale_ || rounds_ >= patience)) return true;
  const Index shorter = G(worst.i, worst.i) < G(worst.j, worst.j) ? worst.i : worst.j;
  const double longest = G.diagonal().maxCoeff();
  const bool no_room = rounds_ >= settled && G(shorter, shorter) <= little * little * longest;
  if (!obeyed && (rounds_ >= patience || no_room)) {
    drop(shorter, W);
    return false;
  }
  ++rounds_;
  multipliers_ = next;
  const double left = std::max(worst.excess, loose / scale_);
  if (left > 0.25 * left_) weight_ *= 4.0;
  left_ = left;
  return false;
}

void CoherenceCap::drop(Index column, Matrix& W) {
  W.col(column).setZero();
  multipliers_.row(column).setZero();
  multipliers_.col(column).setZero();
  dropped_[static_cast<std::size_t>(column)] = true;
}

}  // namespace skeleta::training
