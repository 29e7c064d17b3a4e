#pragma once

#include <cstdint>
#include <optional>

#include "skeleta/core/types.h"
#include "skeleta/exact/closed_loss.h"
#include "skeleta/exact/loss.h"
#include "skeleta/exact/sparse_loss.h"
#include "skeleta/exact/support_sum.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

/// Losses of an autoencoder as functions of its parameters (parameters.h), for optimize. Each is
/// called with x and writes the gradient; none is thread-safe; each keeps its buffers and does not
/// allocate after the first call, for one thread. Where a model cannot be evaluated (entries that
/// are not finite, a loss beyond the range of double) the value is NaN.
namespace skeleta::training {

/// The integral loss L(W, b) over all skeletons. Every evaluation meets the error targets of its
/// options, or is counted in unmet(): near orthogonal columns, where the law of z has many small
/// steps, the limit on nodes may come first, and large weights leave fewer digits.
class ExactObjective {
 public:
  /// Throws std::invalid_argument if features or options are not valid, or hidden < 1.
  ExactObjective(Features features, Index hidden, const exact::Options& options);
  /// Of models of the form of this one, whose weights do not matter.
  ExactObjective(Features features, Autoencoder form, const exact::Options& options);

  /// The loss at parameters x (parameters.h); `gradient` is resized if need be.
  double operator()(const Vector& x, Vector& gradient);

  /// The Hessian at the last parameters times a direction, on the fewest nodes (64): a symmetric
  /// matrix that has some digits right, which is what steps need. Throws as
  /// exact::Evaluator::hessian_times.
  void times(const Vector& direction, Vector& product);
  /// The same to some seven digits: on twice the gradient's nodes. Returns an estimate of its error
  /// in norm, as that of A and b in exact::Evaluator::hessian_times.
  double fine_times(const Vector& direction, Vector& product);

  /// The loss at the last parameters.
  const exact::Loss& last() const { return last_; }
  /// How often the error asked for was not reached.
  std::uint64_t unmet() const { return unmet_; }

 private:
  double times(const Vector& direction, double more_nodes, Vector& product);

  exact::Evaluator evaluator_;
  Autoencoder model_;
  exact::Gradient gradient_, direction_, product_;
  exact::Loss last_;
  std::uint64_t unmet_ = 0;
};

/// The integral loss of ReLU models without noise with at most five plain features in closed form,
/// where contours do not resolve its gradient: of tied ones with up to four by exact::ClosedLoss,
/// of others support by support (exact::hessian), 2 ms for each output of five features.
class ClosedObjective {
 public:
  static constexpr Index most_features = 5;  ///< More have too many supports.

  /// Of models of the form of this one. Throws std::invalid_argument for others.
  ClosedObjective(Features features, Autoencoder form);

  /// The loss at parameters x (parameters.h); `gradient` is resized if need be.
  double operator()(const Vector& x, Vector& gradient);
  /// The Hessian at the last parameters times a direction.
  void times(const Vector& direction, Vector& product);
  /// The same: it is as exact. Returns 0.
  double fine_times(const Vector& direction, Vector& product) {
    times(direction, product);
    return 0.0;
  }

 private:
  std::optional<exact::ClosedLoss> few_;
  Features features_;
  Autoencoder model_;
  Vector x_;
  Matrix hessian_;  // at x_; of few features once a product asked for it
};

/// The loss on few active features, times `factor`: of tied ReLU models on plain features Q_0, Q_1
/// and Q_2 in closed form, the others support by support; of other models and laws all support by
/// support.
class SparseObjective {
 public:
  /// E[r; N in skeletons]·factor, of models of the form of this one. Throws as exact::SparseLoss
  /// and exact::SupportSum.
  SparseObjective(Features features, Autoencoder form, CountRange skeletons, double factor = 1.0,
                  int threads = 1);
  /// Of tied ReLU models. Throws too if hidden < 1.
  SparseObjective(Features features, Index hidden, CountRange skeletons, double factor = 1.0,
                  int threads = 1);

  /// L_1 = E[r | N = 1], the mean on Q_1 alone: what a constant output costs on Q_0 is not in it.
  /// Throws std::invalid_argument if N = 1 is impossible.
  static SparseObjective one_sparse(Features features, Autoencoder form, int threads = 1);
  /// Likewise, of tied ReLU models.
  static SparseObjective one_sparse(Features features, Index hidden, int threads = 1);

  /// L^{(≤k)} = Σ_{l≤k} C_l.
  static SparseObjective k_sparse(Features features, Autoencoder form, Index k, int threads = 1);
  /// Likewise, of tied ReLU models.
  static SparseObjective k_sparse(Features features, Index hidden, Index k, int threads = 1);

  /// Those of the skeletons that are summed support by support.
  static CountRange summed(const Features& features, const Autoencoder& form, CountRange skeletons);

  /// The k-sparse loss at parameters x; `gradient` is resized if need be.
  double operator()(const Vector& x, Vector& gradient);

  /// The Hessian at the last parameters times a direction. Where the loss is not all in closed form
  /// (summed()) the first product at a point takes the whole Hessian (exact::hessian), and throws
  /// as that does.
  void times(const Vector& direction, Vector& product);
  /// The same: it is as exact. Returns 0.
  double fine_times(const Vector& direction, Vector& product) {
    times(direction, product);
    return 0.0;
  }

 private:
  std::optional<exact::SparseLoss> low_;     // of Q_0, Q_1, Q_2
  std::optional<exact::SupportSum> beyond_;  // of all others
  Features features_;
  CountRange skeletons_;
  double factor_;
  int threads_;
  Autoencoder model_;
  exact::Gradient gradient_, part_;
  Matrix hessian_;  // at the last parameters, once a product asked for it
};

/// The tied linear loss E Σ_i v_i (x_i − (WᵀWx)_i)², by moments: with q_j = p_j/2, m_j = p_j/3 −
/// p_j²/4, E x xᵀ = diag(m) + q qᵀ and R = I − WᵀW,
///   L = Σ_i v_i [ Σ_j m_j R_ij² + (Rq)_i² ];
/// of other laws L = Σ_i v_i (R M Rᵀ)_ii with M = E x xᵀ. Its parameters are W alone, column by
/// column. Cost 6 d D², of other laws and D³.
class LinearObjective {
 public:
  /// Throws std::invalid_argument if features are not valid, or hidden < 1.
  LinearObjective(Features features, Index hidden);

  /// The loss at parameters x; `gradient` is resized if need be.
  double operator()(const Vector& x, Vector& gradient);

 private:
  Features features_;
  Index hidden_;
  Vector m_, q_, weighted_;
  Matrix moments_;  // M of other laws
  Matrix residual_, gamma_;
};

}  // namespace skeleta::training
