#pragma once

#include "skeleta/core/types.h"
#include "skeleta/measure/features.h"
#include "skeleta/sampling/stream.h"

/// Where a gradient vanishes, but a descent may go on: outputs that never fire, columns that are 0,
/// saddles that a symmetric start runs into.
namespace skeleta::training {

/// Whether the gradient vanishes along some parameters whatever the loss would gain there: output i
/// with v_i p_i > 0 never fires (b_i ≥ max z_i), or its column is shorter than 10⁻³ of the longest.
bool has_idle_features(const Vector& parameters, Index hidden, const Features& features);

/// Parameters beside these (parameters.h). Outputs that never fire get the threshold 0: on the
/// plateau b_i may be anything above max z_i. All weights move by normal numbers of standard
/// deviation 0.03 times the root mean square weight, or 0.03 times that of a xavier start if they
/// are smaller.
Vector displaced(Vector parameters, Index hidden, const Features& features,
                 sampling::PointStream& random);

}  // namespace skeleta::training
