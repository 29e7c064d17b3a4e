#pragma once

#include "skeleta/core/types.h"
#include "skeleta/measure/features.h"
#include "skeleta/measure/integral_by_skeleton.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::exact {

/// The part of the integral loss on Q_l for l = 0, 1 or 2, in closed form (mathematics.md,
/// Proposition 1.6 and mathematics.md, Proposition 1.8): probability π_l, mean L_l = E[r | N = l]
/// and contribution C_l = π_l L_l; standard error 0.
///
///   L_0 = Σ_i v_i ((−b_i)₊)²
///   L_1 = Σ_j ω_j [ v_j ∫(t − (G_jj t − b_j)₊)² + Σ_{i≠j} v_i φ(G_ij; b_i) ]
///   L_2 = Σ_{j<k} ω_jk Σ_i v_i E[(x_i − x̂_i)² | support {j, k}]
///
/// ω_j, ω_jk: probability of that support given N = l; from the odds p/(1 − p) relative to the
/// largest, features with p = 1 being in every support. So the mean is right even where π_l
/// underflows; it is NaN where N = l is impossible.
/// Accuracy: every term is non-negative; relative error of the mean a few dozen ε.
/// Cost: l = 0: D; l = 1: (d + 10) D² operations; l = 2: some 50 D³ (see skeleton_part_cost).
/// Memory: D·d for l ≤ 1, D² for l = 2. The same bits for any number of threads (0: all cores).
/// Throws std::invalid_argument if the model or the features are not valid, or l is not 0, 1 or 2.
SkeletonPart skeleton_part(const Autoencoder& model, const Features& features, Index l,
                           int threads = 1);

/// E[r | the active features are j and k] for all pairs, D × D, symmetric, diagonal 0; r weighted
/// by `importance` (D entries). Accuracy, cost and memory as skeleton_part for l = 2.
Matrix pair_losses(const Autoencoder& model, const Vector& importance, int threads = 1);

/// The mean of a symmetric D × D table over the pair of active features, given N = 2; NaN if N = 2
/// is impossible.
double pair_mean(const Matrix& pairs, const Vector& density);

/// Roughly how many nanoseconds of one core skeleton_part takes.
double skeleton_part_cost(Index features, Index hidden, Index l);

}  // namespace skeleta::exact
