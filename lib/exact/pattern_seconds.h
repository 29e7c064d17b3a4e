#pragma once

#include "skeleta/measure/data_law.h"

namespace skeleta::exact {

/// Roughly how long one core sums constant values over patterns, with all skeletons, for each
/// output of a model without noise; infinite where it does not (mathematics.md, Proposition 11.10).
double pattern_seconds(const DataLaw& law);

}  // namespace skeleta::exact
