#pragma once

#include <vector>

#include "skeleta/measure/features.h"
#include "skeleta/measure/integral_by_skeleton.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::approximation {

/// E (x − act(gU − b))² of an output of the model with threshold and jump of output i, x = U if it
/// is the feature's own, else 0: closed forms by the partial moments of the value law
/// (ValueLaw::ramp_moment). Without noise.
double error_of_one(const Autoencoder& model, Index i, const ValueLaw& value, double g, bool own);

/// The parts on Q_0 and, of models without noise and of at most 1000 features, Q_1 in closed form,
/// for any law; of the identity, with or without noise, all that samples could reach:
///   L_0 = Σ_i v_i E act(ε_i − b_i)²,   C_1 = Σ_j P(j alone) Σ_i v_i error_of_one(A_ij),
/// and of the identity C_l = Σ_i v_i E[(z_i − x_i + ε_i)²; N = l] by the second moments of sums.
/// Cost: D² partial moments of some 100 ns; of the identity D sum_moments_by_count.
std::vector<SkeletonPart> low_parts(const Autoencoder& model, const Features& features,
                                    int threads = 1);

}  // namespace skeleta::approximation
