#pragma once

#include <vector>

#include "skeleta/core/types.h"

namespace skeleta::thomson {

/// How many neighbours each of N points of the unit sphere has (X: d × N unit columns).
///
/// d = 3: neighbours are the ends of an edge of the convex hull, where faces that are flat to
/// `tolerance` (as the sine of an angle) count as one: a vertex of a cube has 3.
/// Otherwise: neighbours are the pairs of least distance (the contact graph), those whose inner
/// product is within `tolerance` of the largest one; a point without contact has 0.
/// Points that coincide to `tolerance` are not neighbours of each other.
/// Cost N² times the mean number of neighbours for d = 3, else d·N²; memory N², N for d = 3. Throws
/// std::invalid_argument if X is empty or a column is not of length 1 to 1e-6.
std::vector<Index> coordination(const Matrix& X, double tolerance = 1e-6);

}  // namespace skeleta::thomson
