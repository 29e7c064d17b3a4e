#pragma once

#include <memory>

#include "skeleta/estimate/integrand.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/relu_autoencoder.h"

namespace skeleta::estimate {

/// How the pre-activations z = Gx − b of a sparse point are formed.
enum class KernelPath {
  gram,    ///< From l columns of G: D·l operations, memory D².
  hidden,  ///< Through h = Wx: d·(D + l) operations, memory dD.
};

/// "gram", "hidden".
std::string to_string(KernelPath path);

/// The path for D features: gram up to D = 2000 (32 MB), hidden above.
KernelPath kernel_path(Index features);

/// The pointwise loss r(x) = Σ_i v_i (x_i − x̂_i)² of a model as an integrand.
///
/// Written as Σ_i v_i x̂_i² + Σ_{i active} v_i (x_i² − 2 x_i x̂_i), it needs no dense input. The
/// importance enters once, in the rows √v_i G_i and thresholds √v_i b_i. Absolute rounding error: a
/// few l·ε·Σ v x̂².
/// Throws std::invalid_argument if model or features are not valid or disagree in size.
IntegrandFactory loss_integrand(const ReluAutoencoder& model, const Features& features,
                                KernelPath path);

}  // namespace skeleta::estimate
