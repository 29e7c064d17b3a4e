#pragma once

#include <optional>

#include "skeleta/core/types.h"
#include "skeleta/measure/active_count.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::exact {

/// E[r; N in skeletons] = Σ_l C_l over some of Q_0, Q_1, Q_2, with its gradient, in closed form
/// (mathematics.md, Proposition 1.9): dW = W(Γ + Γᵀ), with u_i = 1{z_i > b_i},
///   Γ_ij = −2 v_i E[(x_i − x̂_i) x_j u_i; N],   db_i = 2 v_i E[(x_i − x̂_i) u_i; N].
///
/// Evaluates it again and again and keeps its buffers: no allocation after the first call of a
/// shape, for one thread. Not thread-safe itself; the same bits for any number of threads.
/// Accuracy: the value's terms are not negative, its relative error is a few dozen ε; that of the
/// gradient likewise relative to the sum of the sizes of its terms. Cost: (d + 30) D² operations,
/// with Q_2 some 100 D³. Memory 2 D², with Q_2 3 D².
class SparseLoss {
 public:
  /// Throws std::invalid_argument if features are not valid or `skeletons` is not within 0..2.
  SparseLoss(Features features, CountRange skeletons, int threads = 1);

  /// dW (d × D) and db (D) are resized if need be. Throws std::invalid_argument if the model is not
  /// valid or has another number of features.
  double loss_and_gradient(const Autoencoder& model, Matrix& dW, Vector& db);

  /// The Hessian (exact/hessian.h) at the model of the last loss_and_gradient, times a direction
  /// (dW, db) of its form; closed forms, to a few dozen ε of the sizes of their terms. Cost: a few
  /// evaluations. Throws std::invalid_argument if there was none.
  void hessian_times(const Matrix& dW, const Vector& db, Matrix& product_W,
                     Vector& product_b) const;

  /// The whole of it. Throws too if it has more than 6000 rows.
  Matrix hessian() const;

 private:
  struct Output;

  const Autoencoder& point() const;
  void row_products(const Matrix& U, const Vector& beta, Matrix& R, Vector& r) const;

  bool has(Index l) const { return skeletons_.first <= l && l <= skeletons_.last; }
  void add_single(const Vector& b, Output& output);
  void add_pairs_with_own(const Vector& b, Output& output);
  void add_pairs_of_others(const Vector& b, Output& output);

  Features features_;
  CountRange skeletons_;
  int threads_;
  double none_ = 0.0;  // P(no feature is active)
  Vector single_;      // P(only j is active)
  Matrix pair_;        // P(only j and k are active), diagonal 0
  Matrix gram_, gamma_;
  std::optional<Autoencoder> point_;  // of the last gradient
  Vector values_;
};

}  // namespace skeleta::exact
