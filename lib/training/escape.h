#pragma once

#include <cstdint>

#include "skeleta/core/types.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"
#include "skeleta/sampling/stream.h"

/// Where a gradient vanishes, but a descent may go on: outputs that never fire, columns that are 0,
/// saddles that a symmetric start runs into.
namespace skeleta::training {

/// Features with v_i p_i > 0 along whose parameters the gradient vanishes whatever could be gained.
enum class Idle : std::int8_t {
  none,
  columns,  ///< Some columns are 0: shorter than 10⁻³ of the longest.
  outputs,  ///< Some outputs never fire: b_i ≥ max z_i.
};
Idle idle_features(const Autoencoder& model, const Features& features);

/// A model beside this one. Outputs that never fire get the threshold 0: on their
/// plateau b_i may be anything above max z_i. The weights of idle features, or `all`, move by
/// normal numbers of standard deviation 0.03 times the root mean square weight, or 0.03 times that
/// of a xavier start if they are smaller.
Autoencoder displaced(Autoencoder model, const Features& features, bool all,
                      sampling::PointStream& random);

}  // namespace skeleta::training
