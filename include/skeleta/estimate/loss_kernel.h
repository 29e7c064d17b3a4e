#pragma once

#include <memory>

#include "skeleta/estimate/integrand.h"
#include "skeleta/estimate/precision.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::estimate {

/// How the pre-activations z = Ax − b of a sparse point are formed, A = W_out W (tied: the Gram
/// matrix).
enum class KernelPath {
  gram,    ///< From l columns of A: D·l operations, memory D².
  hidden,  ///< Through h = Wx: d·(D + l) operations, memory dD.
};

constexpr auto names_of(KernelPath) {
  return std::to_array<std::string_view>({"gram", "hidden"});
}

/// The path to take: gram up to D = 2000 (32 MB), where its D·E[N] operations a point are not many
/// more than the d·(D + E[N]) of the other, which also runs faster per operation; hidden otherwise.
KernelPath kernel_path(const Autoencoder& model, const Features& features);

/// The pointwise loss r(x) = Σ_i v_i E_ε (x_i − x̂_i)² of any model as an integrand, for points of
/// the features' law: hidden noise ε is integrated in closed form, no random number stands for it.
///
/// ReLU without noise: the sum runs over all rows i for v_i x̂_i², active ones excepted, and over
/// the active ones for v_i (x_i − x̂_i)²: no dense input, and nothing cancels. The importance enters
/// once, in the rows √v_i A_i and thresholds √v_i b_i.
///
/// float32 is up to twice as fast. A loss r of a model with entries of size 1 is then off by at
/// most 1e-6 (1 + r). These errors have both signs, so that the mean moves by far less: measured
/// −4e-8 to 2e-8 of itself (unit columns with b = 0.1, D from 5 to 3000, p from 0.005 to 0.3, and
/// the models in data/trained; both paths), less than the rounding 6e-8 of one float32 number.
///
/// Throws std::invalid_argument if model or features are not valid or disagree in size.
Integrand loss_integrand(const Autoencoder& model, const Features& features, KernelPath path,
                         Precision precision = Precision::float64);

}  // namespace skeleta::estimate
