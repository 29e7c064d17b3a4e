#pragma once

#include <vector>

#include "skeleta/core/types.h"

namespace skeleta::geometry {

/// The orthogonal d × d matrix Q, rotation or reflection, that minimises ‖QX − Y‖_F for d × n
/// matrices X and Y: Q = UVᵀ with the singular value decomposition YXᵀ = USVᵀ.
/// Source: Schönemann, A generalized solution of the orthogonal Procrustes problem (1966).
/// Cost n·d² + O(d³). Throws std::invalid_argument if the shapes differ.
Matrix procrustes(const Matrix& X, const Matrix& Y);

/// How far two sets of columns are from being the same up to orthogonal transformation and
/// relabelling: column i of QX lies at column permutation[i] of Y.
struct Congruence {
  double rms = 0.0;          ///< (Σ_i |Q x_i − y_π(i)|² / D)^½ of the best Q and π found.
  double lower_bound = 0.0;  ///< No Q and π do better, whatever the search missed.
  Matrix orthogonal;         ///< Q, d × d.
  std::vector<Index> permutation;  ///< π, D entries.
};

/// How hard to look for a match of two sets of columns.
struct CongruenceOptions {
  Index exhaustive = 7;     ///< Up to so many columns all permutations are tried.
  std::size_t beam = 256;   ///< Partial matches of a basis that are kept.
  std::size_t refined = 8;  ///< Starts from which Procrustes and assignment alternate.
};

/// Compares X and Y, both d × D. Up to options.exhaustive columns `rms` is the minimum. Beyond, the
/// candidates are where a basis among the columns of X can go in Y so that the Gram matrices agree
/// best; the best ones are refined by alternating Procrustes and assignment. That finds congruences
/// of configurations whose symmetry does not overflow the beam; otherwise `rms` is an upper bound
/// of the minimum. It is rigorous in both directions: rms is attained, lower_bound is not beaten.
/// lower_bound comes from the singular values (Mirsky) and the sorted norms; 0 does not prove
/// congruence. Symmetric in X and Y only as far as the search is.
/// Accuracy: two congruent sets give rms of a few √D·ε times the longest column.
/// Cost D!·(d²D + d³) up to options.exhaustive columns; beyond, D³ log D for the candidates and
/// beam·D²·d + refined·(O(D³) + d³) times the number of alternations, mostly below 10.
/// Memory O(D² + beam·D).
/// Throws std::invalid_argument if the shapes differ, or X or Y is empty or not finite.
Congruence congruence(const Matrix& X, const Matrix& Y, CongruenceOptions options = {});

}  // namespace skeleta::geometry
