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
  /// What single precision may have done to Σ, and was mended: the least eigenvalue, if it was less
  /// than −1e-10·λ_1.
  double negative = 0.0;
  /// Likewise the largest difference to the transpose, if it exceeded 1e-10·max |Σ|.
  double asymmetry = 0.0;

  /// D.
  Index size() const { return eigenvalues.size(); }
};

/// The spectrum of Σ (D × D). Eigenvalues count as equal if neighbours differ by at most
/// `equal`·λ_1. A matrix that was rounded to single precision is accepted: its entries are off by
/// 2^−24 of themselves, its eigenvalues so by at most 2^−24·‖Σ‖_F ≤ 2^−24·√D·λ_1. Twice that is
/// taken for rounding, for the entries were also computed: such negative eigenvalues become 0, and
/// what differs from its transpose by at most 2^−22·max |Σ| is replaced by the mean of both. Cost
/// O(D³). Throws std::invalid_argument if Σ is empty or not finite, less symmetric, or has a more
/// negative eigenvalue; the message says by how much.
Spectrum spectrum(const Matrix& Sigma, double equal = 1e-10);

/// Of the diagonal matrix with these eigenvalues, in any order: sorted, with unit vectors. Throws
/// std::invalid_argument if there are none, or one is negative or not finite.
Spectrum diagonal_spectrum(const Vector& eigenvalues, double equal = 1e-10);

/// Σ = UΛUᵀ.
Matrix data_matrix(const Spectrum& spectrum);

}  // namespace skeleta::linear
