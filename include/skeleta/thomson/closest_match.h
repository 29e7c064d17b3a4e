#pragma once

#include <cstdint>

#include "skeleta/core/types.h"
#include "skeleta/geometry/congruence.h"

namespace skeleta::thomson {

/// The orthogonal Q and the relabelling π that bring X onto Y, both d × N, as near as a search
/// finds: geometry::congruence(), which sees through turns, reflections and labels where X and Y
/// are nearly congruent, and from `random_starts` random Q more, since far from congruence the
/// nearest Y is one of many local minima. From each start Procrustes' rotation and an exact
/// assignment alternate. `rms` is attained, so it is an upper bound of the least one; lower_bound
/// is rigorous. Deterministic. Cost that of congruence() and random_starts times some 5 to 10
/// assignments, O(N³) each. Throws std::invalid_argument naming both sizes if they differ, or if X
/// or Y is empty or not finite.
geometry::Congruence closest_match(const Matrix& X, const Matrix& Y,
                                   std::uint64_t random_starts = 100);

}  // namespace skeleta::thomson
