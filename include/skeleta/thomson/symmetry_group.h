#pragma once

#include <cstdint>
#include <vector>

#include "skeleta/core/types.h"

namespace skeleta::thomson {

/// The permutations σ of the columns of X with x_σ(i)·x_σ(j) = x_i·x_j: what the rotations and
/// reflections that map the configuration to itself do to its points.
struct SymmetryGroup {
  double order = 1.0;        ///< Number of permutations; exact as far as a double can hold it.
  bool complete = true;      ///< False: the search was cut short and `order` is a lower bound.
  std::vector<Index> orbit;  ///< N entries: the first point that this one can be mapped to.
  std::vector<std::vector<Index>> generators;  ///< Permutations that generate the group.
};

/// The symmetry group of the columns of X (d × N), inner products being equal if they agree to
/// `tolerance` times the largest squared length. A permutation is fixed by the images of a basis
/// among the columns, so by orbits and stabilisers the order is the product of the orbits of the
/// k-th basis point under what fixes those before it; the images are found by backtracking, pruned
/// by inner products, and known symmetries spare most of it. Columns that coincide are
/// interchangeable: m of them contribute a factor m!.
/// Cost N²·d and, for each search, about N²; no more than `most_steps` images are tried in all
/// (some structures of high dimension would otherwise take for ever). Memory N².
/// Throws std::invalid_argument if X is empty or not finite or the tolerance is not positive.
SymmetryGroup symmetry_group(const Matrix& X, double tolerance = 1e-6,
                             std::uint64_t most_steps = 1'000'000);

}  // namespace skeleta::thomson
