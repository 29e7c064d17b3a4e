#pragma once

#include <span>

namespace skeleta::thomson {

/// The least known Coulomb energies of N = 2, 3, …, 100 points on the sphere in R³, to 5e-13.
/// Origin: recomputed by descent from many starts in extended precision, to gradients of 1e-16; see
/// data/README.md.
std::span<const double> coulomb_table();

}  // namespace skeleta::thomson
