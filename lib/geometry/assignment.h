#pragma once

#include <vector>

#include "skeleta/core/types.h"

namespace skeleta::geometry {

/// The permutation π that minimises Σ_i cost(i, π(i)) over a square matrix of finite costs.
/// Exact up to rounding of the sums; among equals, which one is determined by the matrix alone.
/// Cost O(n³), memory O(n), by shortest augmenting paths.
/// Source: Kuhn (1955), Munkres (1957); the O(n³) form is Jonker and Volgenant's (1987).
/// Throws std::invalid_argument if the matrix is not square or an entry is not finite.
std::vector<Index> assignment(const Matrix& cost);

}  // namespace skeleta::geometry
