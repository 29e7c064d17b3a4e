#pragma once

#include <array>

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

/// E U^k δ(gU − c); 0 where an atom lies there.
double at_threshold(const ValueLaw& value, int k, double g, double c);

/// The second derivatives of empty_support by c, by c and v, and by v.
struct EmptyCurvature {
  double threshold = 0.0, mixed = 0.0, noise = 0.0;
};
EmptyCurvature empty_curvature(const LawRow& row, double none);

/// T_k = E U^k φ''(gU − c), k = 0, 1, 2, while feature j alone is active, without noise; φ is what
/// V averages. V's second derivatives by g_j, g_j and c, and c are T_2, −T_1 and T_0. Where gU = c
/// has positive probability there are none; what is given leaves the atom out.
std::array<double, 3> single_curvature(const LawRow& row, Index j);

}  // namespace skeleta::exact
