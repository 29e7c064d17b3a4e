#pragma once

#include "skeleta/estimate/integrand.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::estimate {

/// The loss of a ReLU model without noise at inputs x ≥ 0 from columns of A = W_out W, in
/// arithmetic of type Real (float or double): l·D + D fused multiply-adds a point; memory D²
/// numbers.
///
/// `scale` is √v, one for each feature.
template <class Real>
Integrand gram_kernel(const Autoencoder& model, const Vector& scale);

}  // namespace skeleta::estimate
