#pragma once

#include <vector>

#include "skeleta/core/types.h"

namespace skeleta::linear {

/// Eigenvalues of a data matrix, largest first, with orthonormal eigenvectors.
struct Spectrum {
  Vector eigenvalues;   ///< λ_1 ≥ … ≥ λ_D ≥ 0.
  Matrix eigenvectors;  ///< D × D; column i belongs to λ_i.
  /// The first index of each group of equal eigenvalues, and D at the end. Within a group only the
  /// subspace means something, not its eigenvectors.
  std::vector<Index> groups;
  bool sorted = true;  ///< False: the eigenvalues were given in another order and sorted.

  Index size() const { return eigenvalues.size(); }
};

/// The spectrum of Σ (D × D). Eigenvalues count as equal if neighbours differ by at most
/// `equal`·λ_1; those between −1e-10·λ_1 and 0 are rounding and become 0. Cost O(D³). Throws
/// std::invalid_argument if Σ is empty or not finite, not symmetric to 1e-10 of its largest entry,
/// or has a more negative eigenvalue; the message says by how much.
Spectrum spectrum(const Matrix& Sigma, double equal = 1e-10);

/// Of the diagonal matrix with these eigenvalues, in any order: sorted, with unit vectors. Throws
/// std::invalid_argument if there are none, or one is negative or not finite.
Spectrum diagonal_spectrum(const Vector& eigenvalues, double equal = 1e-10);

/// Σ = UΛUᵀ.
Matrix data_matrix(const Spectrum& spectrum);

}  // namespace skeleta::linear
