#pragma once

#include <vector>

#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::approximation {

/// Rigorous upper bounds of C_0, …, C_last for every law of the data and every model, by the exact
/// second moments of z given N = l: what contribution_bounds is for tied ReLU models on plain
/// features, whose parts need x ≥ 0 and independence.
///
/// An output answers y = z − b or 0 (z with its noise, of variance s_i²; the identity always z −
/// b), so (x_i − y)² ≤ max(x_i², (x_i − z + b)²) whatever the signs are, and
///   E[(x_i − y)²; N = l] ≤ E[x_i²; N = l] + E[(x_i − z + b)²; N = l] + s_i² π_l;
/// of the identity without the first term, an equality. Where x_i ≥ 0, x_i y ≥ 0 too, so
///   E[(x_i − y)²; N = l] ≤ E[x_i²; N = l] + π_l (Var(z | l) + ((E(z | l) − b)₊)²).
/// The smaller of the two is taken for each output. Rounding is covered by 1e-12 of the sizes of
/// the terms. Cost: two sum_moments_by_count for each output. Model and features are valid and
/// agree.
std::vector<double> law_contribution_bounds(const Autoencoder& model, const Features& features,
                                            Index last, int threads);

}  // namespace skeleta::approximation
