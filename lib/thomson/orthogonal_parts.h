#pragma once

#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/thomson/match.h"

namespace skeleta::thomson {

/// Unit columns as parts that are orthogonal to each other: the connected components of the graph
/// of pairs with |x_i·x_j| > tolerance.
struct OrthogonalParts {
  std::vector<Part> parts;    // columns: numbers in X
  double interference = 0.0;  // the largest |x_i·x_j| of columns in different parts
};

OrthogonalParts orthogonal_parts(const Matrix& X, double tolerance);

}  // namespace skeleta::thomson
