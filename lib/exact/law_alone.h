#pragma once

#include "exact/law_curvature.h"

/// Outputs that read no feature but their own, and no noise: all of a model without superposition.
/// z = g x_i does not hang on the others, so that nothing falls along a contour; but everything has
/// a closed form.
namespace skeleta::exact {

/// Of LawRow::alone.
/// E(x_i − y)² and its derivatives by c and g_i, for the two cases of x_i; not times their
/// probabilities. Where the jump meets an atom of the law there is no derivative; what is given
/// leaves the atom out.
struct AloneOutput {
  double active = 0.0, active_by_c = 0.0, active_by_g = 0.0;
  double silent = 0.0, silent_by_c = 0.0;
  double rounded = 0.0, rounded_by_c = 0.0, rounded_by_g = 0.0;  ///< Of active: sums of |terms|.
  /// Of active: what may be on the other side of the threshold, or of an end of the law.
  double unsure = 0.0, unsure_by_c = 0.0, unsure_by_g = 0.0;
};
/// `rounding`: what g_i may be off by.
AloneOutput alone_output(const LawRow& row, double rounding);

/// The derivatives by g_j, j ≠ i: to D entries, of which that of i is left alone. Cost O(D).
void add_others(const LawRow& row, const AloneOutput& output, double* by_feature);

/// P(N = l, i not active), l = 0, …, most.
Vector counts_while_silent(const LawRow& row, Index most);

/// All second derivatives, as in law_curvature.h; of infinite error where an atom may be at c. Cost
/// O(D).
LawProduct alone_curvature(const LawRow& row, double rounding, const LawDirection& direction,
                           double* by_feature);

}  // namespace skeleta::exact
