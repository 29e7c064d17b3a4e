#pragma once

#include "skeleta/core/types.h"

namespace skeleta::bounds {

/// Rigorous upper bound of E[(z − b)₊²; N ≥ m] for z = Σ_j g_j x_j, sharp where the output fires in
/// a corner of the cube or on few supports only (within 2 to 20 times there, tested):
///   E (z − b)₊² ≤ (2/(eθ))² e^{−θb} E e^{θz} for every θ > 0, since (t₊)² ≤ (2/(eθ))² e^{θt},
///   E[e^{θz}; N ≥ m] = Σ over supports, by the recursion of MATH.md section 3 that carries the
///   supports of fewer than m features apart, so that nothing is subtracted,
/// and 0 if z ≤ b for all x. The smallest over θ max g = 1, 2, 4, … is taken. Densities p_j in
/// [0, 1]; b of any sign; rounding is covered by an allowance of 1e-6. Cost about 15 D (m + 1)
/// exponentials.
double firing_bound(const Vector& g, double b, const Vector& density, Index m);

}  // namespace skeleta::bounds
