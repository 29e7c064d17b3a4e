#pragma once

#include <vector>

#include "skeleta/estimate/integrate.h"

namespace skeleta::estimate {

/// The integrand f − β_l (c − μ_l) with β_l = coefficients[l]; f itself on skeletons beyond their
/// end.
IntegrandFactory with_control(const IntegrandFactory& integrand, const Control& control,
                              std::vector<double> coefficients);

}  // namespace skeleta::estimate
