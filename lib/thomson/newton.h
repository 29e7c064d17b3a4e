#pragma once

#include "skeleta/core/types.h"
#include "skeleta/thomson/pair_energy.h"

namespace skeleta::thomson {

/// Newton's method on the sphere, from unit columns X near a minimum: each step solves H s = −g by
/// conjugate gradients and is taken if the gradient falls by a tenth. Returns ‖g‖ at the X it
/// leaves.
double newton(const PairEnergy& energy, Matrix& X);

}  // namespace skeleta::thomson
