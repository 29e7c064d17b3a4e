#pragma once

#include <vector>

#include "skeleta/core/types.h"

/// Many features of one output at a time: points g_j on a line, given to an equally spaced grid
/// (mathematics.md, Proposition 11.6).
///
/// For rare features Λ(s) = Σ_j log(1 + r_j h(s g_j)), r = p/(1 − p), is
///   Σ_n (−1)^{n+1}/n Σ_j r_jⁿ h(s g_j)ⁿ,
/// cut after as many terms as a feature's r asks for, and each inner sum one over the grid x_m =
/// mδ,
///   Σ_j r_jⁿ f(g_j) = Σ_m w_nm f(x_m) + error,  w_nm = Σ_j r_jⁿ ℓ_m(g_j),
/// with the Lagrange polynomials ℓ_m of the eight points around g_j. They reproduce polynomials of
/// degree ≤ 7, so moments are exact. As h(a)ⁿ = E e^{a(U_1 + … + U_n)}, with y the largest of g +
/// 4δ
///   |error| ≤ C |sδ|⁸ E(U_1 + … + U_n)⁸ e^{n y₊ Re s} Σ r_jⁿ,  C = (1·3·5·7)²/(2⁸ 8!),
/// the largest value of Π_k |g − x_k|/8! between the two middle points, for the remainder is an
/// average of f⁽⁸⁾ (Hermite, Genocchi), and E(U_1 + … + U_n)⁸ ≤ n⁸/9 (Jensen). The terms left out
/// are at most (r_j|h|)^{N+1}/(N + 1)/(1 − r_j|h|) of a feature with N orders.
namespace skeleta::exact {

constexpr int spread_taps = 8;
constexpr int most_orders = 12;
constexpr double spread_constant = 11025.0 / 10321920.0;  // C

/// The grid of one output.
struct Spread {
  using Polynomials = Eigen::Matrix<double, spread_taps, Eigen::Dynamic>;

  double spacing = 1.0;         ///< δ
  Index half = 0;               ///< Points are −half … half, and four beyond.
  int orders = 1;               ///< The most that are kept of a point.
  std::vector<double> weights;  ///< w_nm at [(n − 1) size + origin + m].
  /// Σ r_j of the points in [x_m, x_m + δ), at [origin + m]: not negative, for bounds.
  std::vector<double> mass;

  Index origin() const { return half + spread_taps / 2; }
  Index size() const { return 2 * origin() + 1; }
  const double* order(int n) const { return weights.data() + (n - 1) * size(); }

  /// An empty grid for |g| ≤ reach.
  void clear(double spacing_, double reach, int orders_);
  /// Takes a point at 0 with this r and so many orders away again.
  void remove_zero(double odds, int kept);
};

/// Adds `count` points with their r, `kept` orders of each.
void spread_points(const double* g, const double* odds, Index count, int kept, Spread& spread);

/// The transpose: functions f_n known at the points −low … high of a grid, value [(n − 1)(low + 1 +
/// high) + low + m], interpolated by ℓ_m, as polynomials in v = (g − x_m)/δ − ½ in the cells that
/// have points: coefficients of column (origin + m) orders + n − 1.
void set_polynomials(const Spread& spread, const std::vector<double>& values, Index low, Index high,
                     Spread::Polynomials& polynomials);
/// Σ_n (−1)^{n+1} r_jⁿ f_n(g_j), n = 1 … kept, for `count` of the points.
void interpolate(const double* g, const double* odds, Index count, int kept, const Spread& spread,
                 const Spread::Polynomials& polynomials, double* result);

}  // namespace skeleta::exact
