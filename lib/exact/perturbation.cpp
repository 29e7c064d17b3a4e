#include "exact/perturbation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "exact/root_of_squares.h"

namespace skeleta::exact {
void column_norms(const Matrix& W, Vector& norms) {
  constexpr double least = 1e-140, most = 1e140;  // whose squares are normal numbers
  norms = W.colwise().norm().transpose();
  for (Index k = 0; k < norms.size(); ++k) {
    if (!(norms(k) > least && norms(k) < most)) norms(k) = W.col(k).stableNorm();
  }
}

// With r_k = min(1, 2|δ_k|/max(G_ii, |G_ik|)), R = Σ_{k≠i} p_k r_k and A = Σ p_k |δ_k|:
//   b: A + p_i (r_i + R),  j ≠ i: p_j [A + |δ_j| + p_i (r_i + r_j + R)],  i: p_i [A + |δ_i| + r_i +
//   R],
// since P(S ∋ i, j, k) = p_i p_j p_k. A rounded g_k and c count as 2ε |G_ik| in δ_k: c matters only
// where |c| ≤ Σ_S |g_k|.
double derivative_perturbation(const Row& row, const double* gram, const Vector& density,
                               const Vector& norms, double own_norm, double relative) {
  constexpr double least = std::numeric_limits<double>::denorm_min();
  const Index own = row.own;
  const double p_own = density(own), own_entry = std::abs(gram[own]);
  const auto shift = [&](Index k) {
    const double rounded = relative * own_norm * norms(k), entry = std::abs(gram[k]);
    const double below = own_norm > 0.0 && norms(k) > 0.0 ? least / epsilon : 0.0;
    const bool out = !(entry > negligible * row.scale);
    return rounded + below + (out ? entry : 2.0 * epsilon * entry);
  };
  const auto fraction = [&](Index k, double change) {
    const double largest = std::max(own_entry, std::abs(gram[k]));
    return change == 0.0 ? 0.0 : std::min(1.0, 2.0 * change / largest);
  };
  double moved = 0.0, crossed = 0.0;  // A, R
  for (Index k = 0; k < density.size(); ++k) {
    const double change = density(k) > 0.0 ? shift(k) : 0.0;
    moved += density(k) * change;
    if (k != own) crossed += density(k) * fraction(k, change);
  }
  crossed += fraction(own, shift(own));
  // In the contour sums, where others are active too, a negligible own entry is raised to 2^-60.
  for (Index n = 0; !(own_entry > negligible * row.scale) && n < row.count; ++n) {
    const double g = std::abs(row.g[static_cast<std::size_t>(n)]);
    crossed += row.probability(n) * std::min(1.0, 2.0 * negligible / g);
  }
  crossed = std::min(crossed, 1.0);
  const double of_b = moved + p_own * crossed;
  RootOfSquares norm;
  norm.add(of_b);
  for (Index j = 0; j < density.size(); ++j) {
    if (density(j) == 0.0) continue;
    const double change = shift(j);
    const double step = j == own ? crossed : p_own * std::min(1.0, crossed + fraction(j, change));
    norm.add(density(j) * (moved + change + step));
  }
  return norm.value();
}

}  // namespace skeleta::exact
