#pragma once

#include <vector>

#include "skeleta/estimate/integrate.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::approximation {

/// E (x − act(gU − b))² of an output of the model with threshold and jump of output i, x = U if it
/// is the feature's own, else 0: closed forms by the partial moments of the value law
/// (ValueLaw::ramp_moment). Without noise.
double error_of_one(const Autoencoder& model, Index i, const ValueLaw& value, double g, bool own);

/// The parts on Q_0 and, of models without noise and of at most 1000 features, Q_1 in closed form,
/// for any law:
///   L_0 = Σ_i v_i E act(ε_i − b_i)²,   C_1 = Σ_j P(j alone) Σ_i v_i error_of_one(A_ij).
/// Cost: D² partial moments of some 100 ns.
std::vector<SkeletonPart> low_parts(const Autoencoder& model, const Features& features);

/// Controls of the loss whose means are moments of the law, on each skeleton:
///
///   Σ_j e_j(x_j), e_j(t) = v_j (t − act(A_jj t − b_j))²  what each feature would cost alone
///                                                        (β = 1; not of models with noise)
///   Σ_j x_j,  Σ_{j<k} x_j x_k                            how crowded the input is,
///   Σ_{j<k} ½(A_jk + A_kj) x_j x_k  (D ≤ 2000)           how the active features get along;
/// as those of loss_controls.h. The mean of the last is Σ_a E(u_a·x)(w_a·x), a = 1, …, d, less the
/// diagonal, from second moments of u_a ± w_a by count.
estimate::Controls law_controls(const Autoencoder& model, const Features& features);

}  // namespace skeleta::approximation
