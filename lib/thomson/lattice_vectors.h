#pragma once

#include "skeleta/core/types.h"

namespace skeleta::thomson {

/// The points of X (d × N unit columns) at inner product `cosine` with column 0, seen from there:
/// projected to its orthogonal complement R^{d−1} and normalised, (d − 1) × n.
Matrix derived(const Matrix& X, double cosine);

/// The 24 roots of D₄, (±1, ±1, 0, 0)/√2 and its permutations: the 24-cell.
Matrix roots_of_d4();

/// The 240 roots of E₈, normalised: (±1, ±1, 0⁶) and (±½)⁸ with an even number of minus signs.
Matrix roots_of_e8();

/// Of the 196560 minimal vectors of the Leech lattice, of squared length 32 in the coordinates of
/// Conway & Sloane, Sphere Packings, Lattices and Groups, chapter 4, section 11, those that have
/// the inner product `product` with w: projected to the orthogonal complement of w, normalised, 23
/// × n.
Matrix leech_vectors_around(const Eigen::Matrix<double, 24, 1>& w, double product);

}  // namespace skeleta::thomson
