#pragma once

#include "skeleta/core/types.h"

namespace skeleta::linear {

/// max |Σ − Σᵀ|. Throws std::invalid_argument if Σ is empty, not square or not finite, or it
/// exceeds `tolerance`·max |Σ|.
double checked_asymmetry(const Matrix& Sigma, double tolerance);

}  // namespace skeleta::linear
