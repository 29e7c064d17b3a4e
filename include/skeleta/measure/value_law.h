#pragma once

#include "skeleta/core/types.h"

// Moments of the features x_j = B_j U_j (measure/features.h), D entries each, from their densities.
// Expressions of Eigen: `density` must be there when they are evaluated.
namespace skeleta {

/// E x_j = p_j/2.
inline auto means(const Vector& density) {
  return density / 2.0;
}

/// E x_j² = p_j/3.
inline auto second_moments(const Vector& density) {
  return density / 3.0;
}

}  // namespace skeleta
