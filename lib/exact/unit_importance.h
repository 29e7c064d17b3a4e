#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "skeleta/core/types.h"

namespace skeleta::exact {

/// Importances as values · 2^exponent, the largest value in [1, 2): sums over them stay in range,
/// and whatever all are multiplied by, what is decided from the values is the same. None that is
/// positive becomes 0.
struct UnitImportance {
  Vector values;
  int exponent = 0;

  explicit UnitImportance(const Vector& importance) : values(importance) {
    const double largest = values.maxCoeff();
    if (largest > 0.0) exponent = std::ilogb(largest);
    for (double& v : values) {
      const double scaled = std::ldexp(v, -exponent);
      v = v > 0.0 ? std::max(scaled, std::numeric_limits<double>::denorm_min()) : 0.0;
    }
  }
};

}  // namespace skeleta::exact
