#pragma once

#include <memory>

#include "skeleta/core/types.h"
#include "skeleta/exact/options.h"
#include "skeleta/measure/features.h"
#include "skeleta/measure/integral_by_skeleton.h"
#include "skeleta/model/autoencoder.h"

/// The integral loss L = E Σ_i v_i (x_i − x̂_i)², x̂ = act(Ax + ε − b), without sampling: of any
/// model, for data of any law.
///
/// Output i needs only the law of one number, z_i = Σ_j A_ij x_j + ε_i. Of plain features it is a
/// sum of independent terms, and its generating function a product, M_i(s) = Π_j (1 − p_j + p_j
/// h(s A_ij)), h(a) = (e^a − 1)/a, so E(z_i − b_i)₊² and E x_i(z_i − b_i)₊ are integrals of M_i
/// against s⁻³ and s⁻² along a vertical line. Supports of at most one feature are taken out of the
/// integrand and added in closed form. Cost: D² · nodes complex factors (about half a nanosecond
/// each with 512-bit vectors); memory O(D²). The sum and its error: mathematics.md,
/// Theorem 3.1 (lib/exact/contour.h) and mathematics.md, Theorem 3.5.
///
/// That is the path of ReLU models, tied or untied, without noise and of plain features. All else
/// goes the general one: M_i is the generating function of the activity tree at φ_j = E e^{s A_ij
/// U_j}, times e^{s² var ε_i/2}; a jump adds the kernels s⁻² and s⁻¹ (mathematics.md,
/// Proposition 11.4); the identity needs only moments, exact to rounding. There the error is always
/// a bound (rounding to first order), whatever Options::error_control says: aliases by Chernoff's
/// inequality, truncation by majorants of the transforms. How fast it falls with the nodes is up to
/// the law. Constant values do not decay at all, nor do supports of which few features have A_ij ≠
/// 0; then the bound falls only like 1/nodes for the loss, and the derivatives' not at all. So
/// without noise outputs that read their own feature alone (row i of W_out and column j of W have
/// no entry ≠ 0 in the same place) are closed forms, and if all that are ever active have
/// constant values, sums over the patterns of active features, some 10 ns a pattern and output:
/// of up to 2^20, as 20 independent features have, while of categories, exclusive groups, there are
/// few of any number of features. Beyond 2^12 those of two independent halves are summed apart, of
/// up to 2^20 each: 24 binary features take .01 s, 40 some 15 s. What that rounds away of an
/// output's loss is relative to the squares of the terms of x_i − y and not to its own; only where
/// it misses the target all patterns are summed (mathematics.md, Proposition 11.10). Noise makes
/// everything decay, once it is not too small. Where the target is out of reach the result says so
/// (stop_reason nodes) with the bound that was reached. Exponential values have transforms only for
/// Re s A_ij < 1/mean, which takes a longer contour where weights are large. The error bound of a
/// JumpReLU's gradient without noise is an estimate in one part, the density of z in the tails.
/// Cost: D² · nodes steps of some 5 to 35 ns, as the law is, with 256-bit vectors.
///
/// ErrorControl::proven takes neither path but closed forms in whole numbers, 2^{D/2} D⁴ products
/// of thousands of digits, and has no nodes and no factors.
///
/// Importances are taken relative to their largest, so their common scale changes no decision and,
/// if it is a power of two, no bit. Outputs too unimportant to matter (2⁻¹⁰⁰ of the target) are
/// bounded instead of evaluated. Losses below the normal numbers of double (2e-308) are given with
/// the digits these leave: error_bound includes them, and stop_reason is nodes.
namespace skeleta::exact {

/// An integral loss, how well it is known, and what that took.
struct Loss {
  double value = 0.0;  ///< L.
  /// Bound (rigorous: mathematics.md, Theorem 3.7; proven: Theorem 3.10) or estimate (estimated) of
  /// |value − L|, of the kind the options asked for.
  double error_bound = 0.0;
  /// The same for the error of (Γ, db) in the Frobenius norm (see Evaluator): truncation, aliases,
  /// rounding, and (of plain features) what the rounding of A may turn at thresholds. 0 if no
  /// gradient was asked for, and under proven control, where each derivative is the nearest double.
  /// What W(Γ + Γᵀ) and its rounding make of it is not counted: dW is off by at most 2‖W‖ this and
  /// a few ε ‖W‖ ‖Γ‖; untied ‖W_out‖ this, and dW_out ‖W‖ this. With noise the derivatives by var
  /// ε_i are a part of it.
  double gradient_error = 0.0;
  StopReason stop_reason = StopReason::exact;  ///< `nodes`: the target was not met.
  Index nodes = 0;                             ///< The most that one output took.
  double factors = 0.0;                        ///< Complex factors evaluated, over all outputs.

  bool met_target() const {
    return stop_reason == StopReason::exact;
  }  ///< Was the error asked for reached?
};

/// The derivatives of a loss.
struct Gradient {
  Matrix dW;      ///< dL/dW, d × D.
  Vector db;      ///< dL/db, D entries (for the subtracted threshold b).
  Matrix dW_out;  ///< dL/dW_out, D × d; empty for a tied model.
};

/// A loss with its derivatives.
struct LossAndGradient : Gradient {
  Loss loss;  ///< L.
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

  /// The same, and the gradient. Of a ReLU model dL/dW = W(Γ + Γᵀ), untied dL/dW = W_outᵀ Γ and
  /// dL/dW_out = Γ Wᵀ, with Γ_ij = dL/dA_ij = −2 v_i E[(x_i − x̂_i) x_j 1{z_i > b_i}],
  /// dL/db_i = 2 v_i E[(x_i − x̂_i) 1{z_i > b_i}] (mathematics.md, Proposition 1.9). Other models
  /// likewise: derivatives of the expected loss, which has them where the pointwise one jumps. Its
  /// error is held to its target (Options::gradient_target) and bounded or estimated as that of the
  /// loss; a target out of reach is reported (stop_reason nodes), never refused. The indicators do
  /// not shrink with W, as the loss does, so small weights and single small columns cost more
  /// nodes, not digits. At w_i = 0, b_i = 0, where the loss has a kink, the ReLU has slope 0. The
  /// matrices are resized if need be.
  Loss loss_and_gradient(const Autoencoder& model, Gradient& gradient);

  /// The Hessian (exact/hessian.h) at the model of the last loss_and_gradient, times a direction of
  /// its form: on the contours of that gradient, with `more_nodes` > 0 times its nodes, but at
  /// least 64; of the general path with more_nodes times 512, or, below 1, as many as four to five
  /// digits take. Returns an estimate of the error of the product by A, b and the noise's variances
  /// in norm, of the kind of Loss::gradient_error without rounding: an order in the number of nodes
  /// larger. Where the second derivatives do not exist, those of the side on which z_i = b_i is
  /// silent. Cost: two to three gradients; of the general path that of four for each node. Throws
  /// std::invalid_argument if the last call was no loss_and_gradient.
  double hessian_times(const Gradient& direction, Gradient& product, double more_nodes = 1.0);

  /// The whole of it, likewise, until the estimated error, which is given, is at most
  /// relative_error times its norm, or the nodes are at their limit. Throws too if it has more than
  /// 6000 rows.
  Matrix hessian(double relative_error, double& error);

  /// The loss split by skeleton. Listed are the l with π_l ≥ probability_floor (and l ≤ skeletons,
  /// if given). `value` is the loss over *all* skeletons, so value − Σ contributions is what the
  /// unlisted ones contribute. error_bound holds for the value and for every contribution;
  /// low, high = value ∓ error_bound under rigorous control, the neighbouring doubles under proven
  /// control, and NaN, as is the confidence, where the error is only estimated; stop_reason is
  /// exact, or nodes if the target was not met. Cost: that of loss, and D · nodes · (largest l)
  /// factors for each output.
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
