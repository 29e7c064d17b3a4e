#pragma once

#include <memory>

#include "skeleta/core/types.h"
#include "skeleta/exact/options.h"
#include "skeleta/measure/features.h"
#include "skeleta/measure/integral_by_skeleton.h"
#include "skeleta/model/autoencoder.h"

/// The integral loss L(W, b) = E Σ_i v_i (x_i − ReLU(Gx − b)_i)² without sampling.
///
/// Output i needs only the law of one number, z_i = Σ_j G_ij x_j, a sum of independent terms. Its
/// generating function is a product, M_i(s) = Π_j (1 − p_j + p_j h(s G_ij)), h(a) = (e^a − 1)/a, so
/// E(z_i − b_i)₊² and E x_i(z_i − b_i)₊ are integrals of M_i against s⁻³ and s⁻² along a vertical
/// line. Supports of at most one feature are taken out of the integrand and added in closed form.
/// Cost: D² · nodes complex factors (about half a nanosecond each with 512-bit vectors); memory
/// O(D²). The derivation of the sum and its error is in lib/exact/contour.h.
///
/// Importances are taken relative to their largest, so their common scale changes no decision and,
/// if it is a power of two, no bit. Outputs too unimportant to matter (2⁻¹⁰⁰ of the target) are
/// bounded instead of evaluated. Losses below the normal numbers of double (2e-308) are given with
/// the digits these leave: error_bound includes them, and stop_reason is nodes.
namespace skeleta::exact {

/// An integral loss, how well it is known, and what that took.
struct Loss {
  double value = 0.0;  ///< L.
  /// Bound (rigorous) or estimate (estimated) of |value − L|, of the kind the options asked for.
  double error_bound = 0.0;
  /// The same for the error of (Γ, db) in the Frobenius norm (see Evaluator): truncation, aliases,
  /// rounding, and what the rounding of G = WᵀW may turn at thresholds. 0 if no gradient was asked
  /// for. What W(Γ + Γᵀ) and its rounding make of it is not counted: dW is off by at most 2‖W‖ this
  /// and a few ε ‖W‖ ‖Γ‖.
  double gradient_error = 0.0;
  StopReason stop_reason = StopReason::exact;  ///< `nodes`: the target was not met.
  Index nodes = 0;                             ///< The most that one output took.
  double factors = 0.0;                        ///< Complex factors evaluated, over all outputs.

  bool met_target() const {
    return stop_reason == StopReason::exact;
  }  ///< Was the error asked for reached?
};

/// A loss with its derivatives.
struct LossAndGradient {
  Loss loss;  ///< L.
  Matrix dW;  ///< dL/dW, d × D.
  Vector db;  ///< dL/db, D entries (for the subtracted threshold b).
};

/// Evaluates the loss for one set of features again and again. It keeps its buffers: no allocation
/// after the first call of a kind with a given shape, for one thread. Not thread-safe itself.
class Evaluator {
 public:
  /// Throws std::invalid_argument if features or options are not valid.
  Evaluator(Features features, const Options& options);
  ~Evaluator();
  /// Moves; what is left can only be destroyed or assigned to.
  Evaluator(Evaluator&&) noexcept;
  /// Likewise.
  Evaluator& operator=(Evaluator&&) noexcept;

  /// Throws std::invalid_argument if the model is not valid or has another number of features, and
  /// unless Options::refuse_unreachable is false if its loss exceeds the range of double, or the
  /// target is below what double precision can reach for it (the message has the reachable figure).
  Loss loss(const Autoencoder& model);

  /// The same, and the gradient: dL/dW = W(Γ + Γᵀ), Γ_ij = −2 v_i E[(x_i − x̂_i) x_j 1{z_i > b_i}],
  /// dL/db_i = 2 v_i E[(x_i − x̂_i) 1{z_i > b_i}]. Its error is held to its target
  /// (Options::gradient_target) and bounded or estimated as that of the loss; a target out of reach
  /// is reported (stop_reason nodes), never refused. The indicators do not shrink with W, as the
  /// loss does, so small weights and single small columns cost more nodes, not digits. At w_i = 0,
  /// b_i = 0, where the loss has a kink, the ReLU has slope 0. dW (d × D) and db (D) are resized if
  /// need be.
  Loss loss_and_gradient(const Autoencoder& model, Matrix& dW, Vector& db);

  /// The loss split by skeleton. Listed are the l with π_l ≥ probability_floor (and l ≤ skeletons,
  /// if given). `value` is the loss over *all* skeletons, so value − Σ contributions is what the
  /// unlisted ones contribute. error_bound holds for the value and for every contribution;
  /// low, high = value ∓ error_bound under rigorous control, and NaN, as is the confidence, where
  /// the error is only estimated; stop_reason is exact, or nodes if the target was not met.
  /// Cost: that of loss, and D · nodes · (largest l) factors for each output.
  IntegralBySkeleton skeleton_loss(const Autoencoder& model);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// One evaluation; see Evaluator.
Loss loss(const Autoencoder& model, const Features& features, const Options& options = {});
/// Likewise, with the gradient.
LossAndGradient loss_and_gradient(const Autoencoder& model, const Features& features,
                                  const Options& options = {});
/// Likewise, by skeleton.
IntegralBySkeleton skeleton_loss(const Autoencoder& model, const Features& features,
                                 const Options& options = {});

}  // namespace skeleta::exact
