#pragma once

#include "skeleta/measure/features.h"

// What descents ask of the features.
namespace skeleta::training {

inline constexpr Index many_features = 64;  // from here on an evaluation is dear

/// Whether features may be relabelled: all have one density, value law and importance, and are
/// independent.
inline bool all_alike(const Features& features) {
  if (!features.plain()) {
    const DataLaw& law = *features.law;
    for (const ValueLaw& value : law.values) {
      if (value != law.values.front()) return false;
    }
    if (!law.activity.independent()) return false;
  }
  return (features.density.array() == features.density(0)).all() &&
         (features.importance.array() == features.importance(0)).all();
}

}  // namespace skeleta::training
