#pragma once

#include "skeleta/core/types.h"

namespace skeleta {

/// One output: z_i = Σ_j A_ij x_j, active where z_i > b_i + jump_i.
struct FeatureFigures {
  double threshold = 0.0;  ///< b_i: what was given, or fitted.
  double loss = 0.0;       ///< E(x_i − x̂_i)², without the importance.
  /// Bound of its error: aliases, truncation, grid and cut orders proven, rounding to first order;
  /// of a JumpReLU the truncation of the jump's terms is an estimate.
  double error_bound = 0.0;
  double interference_mean = 0.0;      ///< E z' of z' = Σ_{j≠i} A_ij x_j,
  double interference_variance = 0.0;  ///< and its variance.
  double false_activation = 0.0;       ///< P(x_i = 0, output i active)
  double recall = 0.0;                 ///< P(output i active | x_i active)
  /// P(x_i active | output i active); NaN if it is with a probability of at most detection_error.
  double precision = 0.0;
  double detection_error = 0.0;  ///< Estimated error of false_activation, and of p_i recall.
  Index nodes = 0;               ///< On its contour; 0 if it needed none.
  bool met_target = true;        ///< Is the loss as precise as was asked?
};

}  // namespace skeleta
