#pragma once

#include <limits>

#include "exact/row.h"

/// What the rounding of G, and leaving out its negligible entries, changes (mathematics.md,
/// Lemma 3.6).
namespace skeleta::exact {

inline constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// |w_k| of all columns, also where their squares leave the range of double.
void column_norms(const Matrix& W, Vector& norms);

/// Bound on the Euclidean norm over j and b of the change of E[(x_i − x̂_i) x_j 1{z > b}], without
/// 2v_i, if G_ik is off by |δ_k| ≤ relative own_norm norms_k, or left out of `row`, and g and c are
/// rounded. A ramp changes by |δz| at most. An indicator changes only where |z − b| ≤ |δz|, of
/// probability ≤ 2 Σ_S |δ_k| / max_S |G_ik| if the features S ∋ i are active, as z then has a
/// density of at most 1/max_S |G_ik|. `gram` is column i of G. Cost O(D).
double derivative_perturbation(const Row& row, const double* gram, const Vector& density,
                               const Vector& norms, double own_norm, double relative);

}  // namespace skeleta::exact
