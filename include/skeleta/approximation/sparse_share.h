#pragma once

#include <vector>

#include "skeleta/exact/options.h"
#include "skeleta/measure/features.h"
#include "skeleta/measure/integral_by_skeleton.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::approximation {

/// What the skeletons up to Q_k say about a loss, and what they miss.
struct SparseShare {
  Index k = 0;                      ///< ≥ 0.
  double probability_beyond = 0.0;  ///< P(N > k), exact.
  double contribution = 0.0;        ///< C_k
  double up_to = 0.0;               ///< L^(≤k) = Σ_{l≤k} C_l
  double beyond = 0.0;              ///< Σ_{l>k} C_l = L − L^(≤k)
  double share_beyond = 0.0;        ///< beyond / L; NaN if L is 0.
  double bound = 0.0;               ///< tail_bounds: rigorous upper bound of `beyond`.
  double mass_bound = 0.0;          ///< bounds::LossTail's or LawTail's, from the mass of N > k.
};

/// The loss of one model, and the shares of its truncations.
struct SparseShares {
  IntegralBySkeleton loss;          ///< Of exact_loss.
  std::vector<SparseShare> shares;  ///< k = 0, 1, …, `last`
};

/// How much of the exact loss lies beyond Q_k, for k = 0, …, last. `beyond` is the sum of the
/// listed contributions from the far end, so it keeps its digits where it is tiny; its error is at
/// most the sum of theirs (D·error_bound) and of what is not listed: the l beyond last + 1 that are
/// less probable than all others up to there and than options.probability_floor, and at most
/// `bound`, within which it is kept. Cost: exact_loss,
/// and contribution_bounds. Throws std::invalid_argument as those do.
SparseShares sparse_shares(const Autoencoder& model, const Features& features, Index last,
                           const exact::Options& options = {});

/// How well one gradient stands for another.
struct GradientAgreement {
  double relative_size = 0.0;        ///< |part| / |whole|
  double relative_difference = 0.0;  ///< |part − whole| / |whole|
  double angle = 0.0;                ///< Between them, in [0, π]; NaN if one of them is 0.
};

/// Compares two gradients as vectors. The angle is 2 atan2(|u − v|, |u + v|) of their directions u
/// and v, which loses no digits near 0 and π (Kahan).
GradientAgreement compare_gradients(const Vector& part, const Vector& whole);

/// ∇L^(≤k) in closed form, of other models and laws support by support, against the exact ∇L, by
/// (W, b) and W_out, for k = 0, 1, 2. Near a minimum of L
/// both may be small: then the error of the exact one (options.gradient_target) is what is
/// compared. Cost: exact::SparseLoss or SupportSum, and exact::loss_and_gradient. Throws
/// std::invalid_argument as those do.
GradientAgreement gradient_agreement(const Autoencoder& model, const Features& features, Index k,
                                     const exact::Options& options = {});

}  // namespace skeleta::approximation
