#pragma once

#include "skeleta/measure/features.h"

// What descents ask of the features.
namespace skeleta::training {

inline constexpr Index many_features = 64;  // from here on an evaluation is dear

/// Whether features may be relabelled: all have one density and one importance.
inline bool all_alike(const Features& features) {
  return (features.density.array() == features.density(0)).all() &&
         (features.importance.array() == features.importance(0)).all();
}

}  // namespace skeleta::training
