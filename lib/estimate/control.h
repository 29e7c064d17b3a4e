#pragma once

#include <vector>

#include "skeleta/estimate/integrate.h"

namespace skeleta::estimate {

/// For each number of active features l, a coefficient for each control; none beyond its end.
using Coefficients = std::vector<std::vector<double>>;

/// The integrand of one output f − Σ_c β_lc (c − μ_lc).
Integrand minus_controls(const Integrand& integrand, const Controls& controls,
                         const Coefficients& coefficients);

/// The outputs f − Σ_c β_c (c − μ_lc) over the controls whose coefficient is given, then c − μ_lc
/// for all others, then f itself: all that a survey needs.
Integrand with_controls(const Integrand& integrand, const Controls& controls);

}  // namespace skeleta::estimate
