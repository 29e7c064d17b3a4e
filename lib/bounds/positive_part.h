#pragma once

#include <array>
#include <span>
#include <vector>

#include "skeleta/core/types.h"

namespace skeleta::bounds {

/// More features than branch and bound will ever manage.
inline constexpr Index most_features = 8;
using Row = std::array<double, static_cast<std::size_t>(most_features)>;

/// Expectations of the positive part of u = z − c, z = Σ_j g_j x_j, restricted to N ≤ k; i is the
/// output's own feature. Each is non-decreasing in every g_j and non-increasing in c.
struct PositivePartMoments {
  double square = 0.0;  ///< E u₊²
  double mean = 0.0;    ///< E u₊
  double above = 0.0;   ///< E x_i 1{u > 0}
  Row times{};          ///< E x_j u₊
  Row product{};        ///< E x_i x_j 1{u > 0}
};

/// Computes them, one set T of active features after the other: the integral over the smallest
/// entry of T is a closed form, the others are integrated by Gauss's rule between the points where
/// the inner integral changes its polynomial, t = (c − Σ_S g)/g_j for the subsets S of the inner
/// entries. Inside, the integrands are polynomials of degree ≤ |T| + 1, so the rule is exact, and
/// every weight and every integrand is non-negative: nothing cancels, and no entry is too small.
///
/// Rounding. Inputs are taken as exact. Let M be the largest value of a moment's integrand (1 for
/// the indicators, s for u₊, s² for u₊², s = Σ|g| + |c|) and ε = 2⁻⁵³. What is computed for a set T
/// is off by at most 2750, 7750 and 29 000 ε·M·P(T) for |T| ≤ 3, 4 and 5, of up to five features
/// (analysis/proofs.md, "Rounding");
/// tests find less than 40. `rounding` is at least 3 times that for 4 and 5, and 3.2 times for
/// less, so that OutputLoss and bounds of boxes, which use several moments, are covered by four
/// times `rounding`. For |T| = 1 there is one leaf and no point of change, so only the leaf's own
/// dozen operations count, P(T) and sums over sets: 60 ε, for 180; tests find less than 4. Q0 is
/// the single product P(N = 0)·c².
///
/// Cost for all features active: 1, 6, 90, 2430 leaves for |T| = 1, 2, 3, 4, some 10 ns each; a set
/// on which u keeps its sign costs much less.
class PositivePart {
 public:
  static constexpr double rounding(Index active) {
    constexpr std::array<double, 5> of{2e-14, 1e-12, 1e-12, 3e-12, 1e-11};
    return of[static_cast<std::size_t>(active < 1 ? 1 : active > 5 ? 5 : active) - 1];
  }

  /// `density`: entries in [0, 1], at most most_features; k = `most` active features count.
  PositivePart(const Vector& density, Index most);

  /// g: the D entries of the row; own: its feature i.
  PositivePartMoments operator()(std::span<const double> g, double c, Index own) const;

 private:
  std::vector<double> weight_;  // P(active set = T), by the bits of T; 0 if |T| > k
};

}  // namespace skeleta::bounds
