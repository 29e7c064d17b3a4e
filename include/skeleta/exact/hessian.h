#pragma once

#include <optional>
#include <string>
#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/exact/loss.h"
#include "skeleta/measure/active_count.h"

namespace skeleta::exact {

/// The second derivatives of a loss of a ReLU model, in the order of its parameters: W column by
/// column (w_1, …, w_D), then W_out likewise unless it is tied, then b.
struct Hessian {
  Matrix matrix;       ///< Symmetric, n × n.
  Vector gradient;     ///< n entries.
  double value = 0.0;  ///< The loss.
  /// Estimate of the error of `matrix` in the Frobenius norm (0 for few features or few active
  /// ones, where all is closed forms to some dozen ε), that of Γ included, of the kind of
  /// Loss::gradient_error.
  double error = 0.0;
};

/// The Hessian of the integral loss L(W, b) of any model for data of any law: with X = (x, −1),
/// output i of a ReLU model has in (row i of A, b_i)
///   K_i = 2 v_i E[X Xᵀ (1{z_i > b_i} − x_i δ(z_i − b_i))],
/// pulled back to the parameters, plus Γ = ∂L/∂A times the second derivatives of A (mathematics.md,
/// Proposition 10.1 and mathematics.md, Proposition 10.2). Of plain features and ReLU models
/// without noise, an output that reads at most five features is a sum of closed forms over
/// supports, however near to a kink; of models of at most five features all is. Entries of A up to
/// 1e-3 of the largest in their row are replaced by the three points of their sum's Gauss rule if
/// that leaves so few (1e-6 if not), to second order. Other outputs are contour integrals, of which
/// supports with at most one active feature, of the second term with at most two, are closed
/// forms: nodes are added until the estimated error is at most `relative_error` times the norm of
/// the matrix, or options.maximum_nodes.
///
/// Of other laws, noise and JumpReLUs all supports of at least two features (with noise, of one)
/// are contour integrals, whose terms need not fall: they are weighted sums (mathematics.md,
/// Proposition 11.8), nodes being added output by output. They converge fast where z_i has a smooth
/// density near b_i, and ever more slowly the nearer b_i is to an edge of that density. Γ's part of
/// `error` is a bound there. Without noise outputs that read their own feature alone are closed
/// forms, and those of constant values sums over patterns, as many as the loss has, of infinite
/// `error` where a z_i is b_i; that of more, or of constant values beside others, is infinite.
///
/// Where the second derivatives do not exist (kinks()), it has those of the side on which z_i = b_i
/// is silent; near such a place `error` may be far too small. Cost: some 3 (D + 1) gradients, 5 ms
/// for an output that reads five features, and d² D³ operations; memory D³ + n² numbers. Throws
/// std::invalid_argument if n > 6000, or as Evaluator does.
Hessian hessian(const Autoencoder& model, const Features& features, const Options& options = {},
                double relative_error = 1e-7);

/// Of E[r; N in skeletons], skeletons up to 5, times `factor`, in closed form; ReLU models without
/// noise, tied or untied. Cost: for tied models and at most two active features some D³ closed
/// forms of 50 ns; else C(D, l) supports of l = 2, 3, 4, 5 active features take 1, 15, 405, 27 540
/// for each output. Throws std::invalid_argument for other models, laws and skeletons, if these
/// are more than 10¹⁰, or n > 6000.
Hessian hessian(const Autoencoder& model, const Features& features, CountRange skeletons,
                double factor = 1.0, int threads = 1);

/// An output at which a loss is not twice differentiable.
struct Kink {
  Index output = 0;    ///< i
  std::string reason;  ///< Why, in one sentence.
};

/// Where z_i = b_i with positive probability or mass at the end of its range (mathematics.md,
/// Proposition 10.3), of outputs without noise: b_i = 0 while all entries of A that feature i's
/// output sees may be silent or 0; and where its own feature alone just reaches its threshold, A_ii
/// = b_i ≠ 0, or, where A_ii = 0, another feature j beside it, A_ij = b_i ≠ 0. Of other laws an end
/// of the values takes the place of 1; constants, and features under a jump, reach a threshold
/// beside any own feature (sums of several constants are not looked for), and under a jump two
/// features at ends of theirs count too. `tolerance`: numbers that differ by less count as equal,
/// relative to the larger of 1 and the largest |A_ij| of the row. Skeletons: only supports of these
/// sizes count; all if nothing is given.
std::vector<Kink> kinks(const Autoencoder& model, const Features& features,
                        std::optional<CountRange> skeletons = {}, double tolerance = 1e-7);

}  // namespace skeleta::exact
