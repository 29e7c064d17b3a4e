#pragma once

#include <span>

#include "skeleta/core/types.h"

namespace skeleta::geometry {

/// How close the directions of the columns come to each other.
struct Coherence {
  Index columns = 0;      ///< n: how many columns were long enough to count.
  double signed_max = 0;  ///< max_{i≠j} ŵ_i·ŵ_j, in [−1, 1]; NaN for n < 2.
  double absolute = 0;    ///< max_{i≠j} |ŵ_i·ŵ_j|, in [0, 1]; NaN for n < 2.
};

/// The largest inner products of distinct normalised columns of W (d × D). Columns shorter than
/// `shortest` times the longest one stand for features that the model dropped: training leaves
/// noise there, whose direction means nothing, so they are left out. 0 leaves out zero columns
/// only. Accuracy: a few d·ε, absolute. Cost d·D², memory d·D and one block of D × 64. Throws
/// std::invalid_argument if W is empty or has an entry that is not finite, or if `shortest` is
/// outside [0, 1].
Coherence coherence(const Matrix& W, double shortest = 0.1);

/// Of each of some columns i of W (d × D) the largest |ŵ_i·ŵ_j| with another column, in [0, 1];
/// zero columns have no direction and are passed over, and get NaN themselves, as does a column
/// without others. Accuracy: a few d·ε, absolute. Cost: d·D for each, in parallel on `threads`.
/// Throws std::invalid_argument if there is no such column.
Vector nearest_cosines(const FloatMatrix& W, std::span<const Index> columns, int threads = 1);

/// The smallest signed_max that n unit vectors in R^d can have, or a lower bound of it: the simplex
/// bound −1/(n − 1) for n ≤ d + 1, reached by the simplex; the orthoplex bound 0 beyond, reached by
/// parts of the orthoplex for n ≤ 2d only.
/// Source: Rankin, The closest packing of spherical caps in n dimensions (1955); mathematics.md,
/// Proposition 7.5. Throws std::invalid_argument if n < 2 or d < 1.
double signed_coherence_bound(Index columns, Index dimensions);

/// Welch's lower bound √((n − d)/(d(n − 1))) of the absolute coherence of n unit vectors in R^d; 0
/// for n ≤ d. Reached by equiangular tight frames only, which need n ≤ d(d + 1)/2.
/// Source: Welch, Lower bounds on the maximum cross correlation of signals (1974).
/// Throws std::invalid_argument if n < 2 or d < 1.
double welch_bound(Index columns, Index dimensions);

/// The orthoplex bound 1/√d of the absolute coherence, which holds for n > d(d + 1)/2 vectors in
/// R^d and exceeds Welch's there; 0 where it does not hold. It can be reached for n ≤ (d − 1)(d +
/// 2) only. Source: Conway, Hardin, Sloane, Packing lines, planes, etc. (1996), Rankin's bound on
/// lines. Throws std::invalid_argument if n < 2 or d < 1.
double orthoplex_bound(Index columns, Index dimensions);

}  // namespace skeleta::geometry
