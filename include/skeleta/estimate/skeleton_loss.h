#pragma once

#include "skeleta/estimate/integrate.h"
#include "skeleta/estimate/loss_kernel.h"

namespace skeleta::estimate {

/// The integral loss L = E Σ_i v_i (x_i − x̂_i)² of a model by skeleton, sampled: `integrate` with
/// the loss's own kernel. `known`: exact parts and bounds, from those who can compute them.
IntegralBySkeleton skeleton_loss(const Autoencoder& model, const Features& features,
                                 const Options& options, const Known& known = {});

/// Nominal cost of the kernel at one point: see Known::nanoseconds.
double loss_nanoseconds(const Autoencoder& model, const Features& features);

}  // namespace skeleta::estimate
