#pragma once

#include <vector>

#include "skeleta/measure/value_law.h"

namespace skeleta {

/// E f(U) ≈ Σ weight_k f(at_k).
struct WeightedPoints {
  std::vector<double> at, weight;
};

/// For functions that are smooth, on the scale of the law itself, between these breaks: 20 points
/// of Gauss and Legendre between neighbouring breaks and quantiles. What is beyond the quantiles of
/// 10⁻¹⁶ from both ends is left out: relative errors of E f(U), f of at most quadratic growth, are
/// some 10⁻¹². Of a constant one point, exact.
WeightedPoints quadrature(const ValueLaw& law, std::vector<double> breaks);

}  // namespace skeleta
