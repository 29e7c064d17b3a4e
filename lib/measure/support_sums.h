#pragma once

#include <vector>

#include "skeleta/core/types.h"

namespace skeleta {

/// E[Σ_{j active} t_j; N = l] = Σ_j t_j P(j active, N = l) for l = 0, …, most. With one feature m
/// after the other, S(l) ← (1 − p_m) S(l) + p_m [S(l − 1) + t_m P(N = l − 1)] among those so far.
/// Cost D·most. Throws std::invalid_argument if the sizes disagree.
std::vector<double> single_sums(const Vector& singles, const Vector& density, Index most);

/// E[Σ_{j<k, both active} t_jk; N = l] for l = 0, …, most, for a symmetric D × D table t and
/// densities p_j. With one feature m after the other, and A_j(l) = P(j active, N = l) among those
/// so far,
///   S(l) ← (1 − p_m) S(l) + p_m [S(l − 1) + Σ_j t_jm A_j(l − 1)].
/// Nothing cancels unless t has both signs. Equal densities: π_l·l(l − 1)/(D(D − 1))·Σ_{j<k} t_jk.
/// Cost D²·most operations, memory D·most. Throws std::invalid_argument if the sizes disagree.
std::vector<double> pair_sums(const Matrix& pairs, const Vector& density, Index most);

}  // namespace skeleta
