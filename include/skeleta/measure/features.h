#pragma once

#include "skeleta/core/types.h"

namespace skeleta {

/// The data: x_j = B_j U_j, B_j ~ Bernoulli(p_j), U_j ~ Uniform[0,1], all independent.
struct Features {
  Vector density;     ///< p_j = 1 − sparsity_j, D entries in [0, 1]; 0 and 1 are legal.
  Vector importance;  ///< v_j ≥ 0, D entries: the weight of feature j's error in the loss.

  /// D.
  Index size() const { return density.size(); }

  /// D features of one density and one importance.
  static Features uniform(Index count, double density, double importance = 1.0);
};

/// Throws std::invalid_argument if sizes differ or are 0, a density lies outside [0, 1], or an
/// importance is negative or not finite.
void validate(const Features& features);

/// Throws std::invalid_argument if `features` is not valid or has not `expected` entries.
void validate(const Features& features, Index expected);

/// E Σ_i v_i x_i² = Σ_i v_i p_i/3, the loss of a model that answers 0: the natural unit of losses.
/// Infinite if it exceeds the range of double.
double loss_of_zero_model(const Features& features);

/// The same data in a unit in which losses have the size of 1: the loss is linear in v, so with
/// v = 2^exponent · v' every loss, gradient and error is 2^exponent times that of v', to the bit.
struct ScaledFeatures {
  Features features;  ///< With the importances v'.
  int exponent = 0;   ///< Of the power of two by which v' was multiplied.

  /// 2^exponent · x: a loss, gradient or error in the unit of the caller. Rounded only where it is
  /// below the smallest normal number.
  double restored(double x) const;
};

/// Chooses the exponent so that loss_of_zero_model(v') lies in [½, 1). A feature whose v_i p_i is
/// below 10⁻³⁰⁰ of the largest may lose digits of v'_i, or all of it; where one that is never
/// active has by far the largest importance, v' stays finite and the loss is below ½ instead.
ScaledFeatures scaled(const Features& features);

}  // namespace skeleta
