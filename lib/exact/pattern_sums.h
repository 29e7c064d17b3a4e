#pragma once

#include <span>
#include <vector>

#include "exact/whole_numbers.h"

namespace skeleta::exact {

/// What a feature brings to a pattern V, the set of those that stand at the upper end of their
/// values: y · on if it is in V, off − y · on if not; and `step` to the level of V.
struct PatternFactor {
  Integer off, on, step;
};

/// sums[o − first][m] = Σ_V B_V[m] (level of V − threshold)₊^{m+o} for o = first, …, last and m =
/// 0, …, n, over all 2ⁿ patterns V of the n features, B_V[m] the coefficient of y^m in the product
/// of their factors and the level of V the sum of its steps; first ≥ 1.
///
/// The features are parted in two. Levels add up, α of the first part and β of the second, and by
/// the binomial theorem
///   (α − threshold + β)^k = Σ_μ C(k, μ) (α − threshold)^{k−μ} β^μ,
/// so that of the second part only sums of coefficients times β^μ are wanted, over the patterns
/// with β > threshold − α: in the order of their levels these sums grow by one pattern after the
/// other. Features of the first part are then multiplied in, one after the other, each of which
/// halves the number of tables. Cost some 2^{0.6 n} n² products of whole numbers, most of them by a
/// short one, not 2ⁿ; memory 2^{0.4 n} n² numbers. Exact.
std::vector<std::vector<Integer>> pattern_sums(std::span<const PatternFactor> features,
                                               const Integer& threshold, unsigned first,
                                               unsigned last);

}  // namespace skeleta::exact
