#pragma once

#include "skeleta/estimate/integrand.h"
#include "skeleta/estimate/loss_kernel.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::estimate {

/// The loss of any model at inputs of any sign, in arithmetic of type Real (float or double): the
/// pre-activations of many points at once, from columns of A = W_out W or through h = Wx, and then
/// E_ε (x_i − act(z_i + ε_i))² of each output in closed form. Memory D² or 2dD numbers.
template <class Real>
Integrand general_kernel(const Autoencoder& model, const Vector& importance, KernelPath path);

}  // namespace skeleta::estimate
