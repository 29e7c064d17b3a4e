#pragma once

#include <array>
#include <span>

/// The small entries of a row of G, taken together.
///
/// A feature with a small g widens every kink of the law of z only a little, and its factor of the
/// generating function decays only once |s| > 1/|g|: left among the others, W = 1 + 1e-6 noise
/// would need a million nodes. Their sum η = Σ g_k x_k is replaced, where at most one other feature
/// is active, by the three points of Gauss's rule for the law of η: these have its moments up to
/// η⁵,
///   Σ_q weight_q e^{s shift_q} = E e^{sη} + O((s η)⁶),
/// and for each of them the closed forms hold at the threshold b − shift_q. The difference stays in
/// the integrand, so nothing is approximated.
namespace skeleta::exact {

struct FineLaw {
  static constexpr int most = 3;

  int points = 1;  ///< 1 if there are no small entries: the point 0.
  std::array<double, most> shift{}, weight{1.0, 0.0, 0.0};
  double mean = 0.0, variance = 0.0;  ///< Of η.
  /// In units of the largest |g|, with y = η − mean: E y², and y² − αy − E y² with its square norm.
  double unit = 1.0, square = 0.0, alpha = 0.0, norm = 0.0;

  /// For entries g and densities p, of the same size; it may be 0. Cost 21 operations each.
  static FineLaw of(std::span<const double> g, std::span<const double> p);

  /// Weights with Σ_q w_q shift_qⁿ = E[x ηⁿ], n ≤ 2, for the feature with entry g and density p.
  std::array<double, most> weights_with(double g, double p) const;
  /// Weights with Σ_q w_q = E x and Σ_q w_q shift_q = E[x η], given E x and E[x (η − mean)].
  std::array<double, most> weights_of(double mean_x, double with_x) const;
  /// E[x η].
  double mean_with(double g, double p) const;
};

}  // namespace skeleta::exact
