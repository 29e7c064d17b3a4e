#pragma once

#include "skeleta/estimate/integrate.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::approximation {

/// Features up to which a table of pairs is made: beyond, it takes most of a minute.
constexpr Index many_features = 2000;

/// Controls of the loss on Q_2, Q_3, …, evaluated in one pass over the pairs of active features:
///
///   Σ_j e_j(x_j), e_j(t) = v_j (t − (G_jj t − b_j)₊)²   what each feature would cost alone,
///   Σ_j x_j,  Σ_{j<k} x_j x_k,  Σ_{j<k} x_j² x_k²       how crowded the input is,
///   Σ_{j<k} t_jk x_j x_k  (D ≤ 2000)                    how the active features get along,
///
/// with t the interaction h_jk = p_jk − e_j − e_k − p_0 if `pairs` gives p_jk, E of the loss with j
/// and k active (exact/low_skeletons.h; e_j and p_0 are the means alone and of an empty input), and
/// G_jk if not: it tells how pre-activations add up. The first control has coefficient 1: the loss
/// less it has no part left that depends on a badly reconstructed feature only, however rare or
/// important, which samples would hardly ever see. For the same reason h has what a feature costs
/// alone taken off: a rare and important one that gets along with the others then adds nothing rare
/// and large.
estimate::Controls loss_controls(const Autoencoder& model, const Features& features,
                                 const Matrix* pairs = nullptr);

}  // namespace skeleta::approximation
