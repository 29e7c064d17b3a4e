#pragma once

#include "skeleta/estimate/integrand.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::estimate {

/// The loss of a ReLU model without noise through h = Wx, in arithmetic of type Real (float or
/// double): d·(l + D) multiply-adds a point, as matrix products of many points at once; memory d·D
/// numbers.
///
/// `scale` is √v, one for each feature.
template <class Real>
Integrand hidden_kernel(const Autoencoder& model, const Vector& scale);

}  // namespace skeleta::estimate
