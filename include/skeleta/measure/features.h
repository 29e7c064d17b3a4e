#pragma once

#include "skeleta/core/types.h"

namespace skeleta {

/// The data: x_j = B_j U_j, B_j ~ Bernoulli(p_j), U_j ~ Uniform[0,1], all independent.
struct Features {
  Vector density;     ///< p_j = 1 − sparsity_j, D entries in [0, 1]; 0 and 1 are legal.
  Vector importance;  ///< v_j ≥ 0, D entries: the weight of feature j's error in the loss.

  Index size() const { return density.size(); }

  /// D features of one density and one importance.
  static Features uniform(Index count, double density, double importance = 1.0);
};

/// Throws std::invalid_argument if sizes differ or are 0, a density lies outside [0, 1], or an
/// importance is negative or not finite.
void validate(const Features& features);

/// Throws std::invalid_argument if `features` is not valid or has not `expected` entries.
void validate(const Features& features, Index expected);

}  // namespace skeleta
