#pragma once

#include "exact/law_kernel.h"

/// What one output contributes in closed form, apart from the contour sum.
namespace skeleta::exact {

/// E(x_i − y)² − E x_i² on some supports, and its derivatives by c and by the noise's variance.
struct LawPart {
  double value = 0.0, threshold = 0.0, noise = 0.0;
};

/// The support without features, of probability `none`: E y² there.
LawPart empty_support(const LawRow& row, double none);

/// The supports of one feature j, of probabilities `alone`, without noise. Derivatives, and those
/// by g_j, which are added to by_feature, only if that is not null. Where the jump meets an atom of
/// the law there is no derivative; what is given leaves the atom out.
LawPart single_supports(const LawRow& row, const Vector& alone, Vector* by_feature);

}  // namespace skeleta::exact
