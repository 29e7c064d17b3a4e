#pragma once

#include "exact/phases.h"

/// What the kernels share at one group of eight nodes.
namespace skeleta::exact {

/// s_k and 1/s_k.
struct Nodes {
  Complex s, inverse;
};

SKELETA_INLINE Nodes nodes_at(const Contour& contour, Index first) {
  const Lanes re = broadcast(contour.abscissa());
  const Lanes im = contour.spacing() * counting(static_cast<double>(first));
  const Lanes scale = 1.0 / (re * re + im * im);
  return {{re, im}, {re * scale, -im * scale}};
}

/// h(a) = ∫ e^{at} dt, h'(a) = ∫ t e^{at} dt, h''(a) = ∫ t² e^{at} dt over [0, 1].
struct Moments {
  Complex h0, h1, h2;
};

/// Σ_n aⁿ/(n! (n + 1 + order)) for |a| ≤ 1/2; remainder 2e-16 relative to the first term.
SKELETA_INLINE Complex moment_series(const Complex& a, int order) {
  constexpr int terms = 12;
  double factorial = 479001600.0;  // 12!
  Complex sum{broadcast(1.0 / (factorial * (terms + 1 + order))), broadcast(0.0)};
  for (int n = terms - 1; n >= 0; --n) {
    factorial /= n + 1;
    sum = sum * a;
    sum.re += 1.0 / (factorial * (n + 1 + order));
  }
  return sum;
}

/// From v = e^a − 1, a = s g. The divided forms h' = (e^a − h)/a, h'' = (e^a − 2h')/a lose |a|⁻¹
/// and |a|⁻² in relative accuracy, so the series takes over when a is small at all nodes of the
/// block; at the smallest |a| of a block that is not, k = 0, |a| ≥ ½·(3/2π)/32 ≈ 1/130.
SKELETA_INLINE Moments feature_moments(const Nodes& nodes, const Complex& v, double g,
                                       bool use_series) {
  if (use_series) {
    const Complex a = g * nodes.s;
    return {moment_series(a, 0), moment_series(a, 1), moment_series(a, 2)};
  }
  const Complex over_a = (1.0 / g) * nodes.inverse;
  const Complex h0 = v * over_a;
  const Complex u{v.re + 1.0, v.im};
  const Complex h1 = (u - h0) * over_a;
  return {h0, h1, (u - 2.0 * h1) * over_a};
}

/// η at a group of nodes: E e^{sη}, its stand-in Q = Σ_q weight_q e^{s shift_q}, their difference.
struct FineFactors {
  Complex all, points, difference;
};

/// Advances the phases of the fine features and points of `row` by one group of nodes. Both factors
/// are built without their 1, so the difference is exact to ε times the densities.
SKELETA_INLINE FineFactors fine_factors(const Row& row, Phases& phases, const Nodes& nodes) {
  const Lanes zero = broadcast(0.0);
  Complex all{zero, zero}, points{zero, zero};
  for (Index n = row.fine_begin(); n < row.fine_end(); ++n) {
    const auto at = static_cast<std::size_t>(n);
    Complex& v = phases.state(n);
    Complex x = (row.w[at] / row.g[at] * v) * nodes.inverse;
    x.re -= row.w[at];
    all = add_product(all + x, all, x);
    phases.advance(n, v);
  }
  if (row.fine_count > 0) {
    for (int q = 0; q < FineLaw::most; ++q) {
      Complex& v = phases.state(row.points_begin() + q);
      points = points + row.fine.weight[static_cast<std::size_t>(q)] * v;
      phases.advance(row.points_begin() + q, v);
    }
  }
  const Complex difference = all - points;
  all.re += 1.0;
  points.re += 1.0;
  return {all, points, difference};
}

/// Puts η into the recursion's result for the others, E[e^{sz}; one active] and [.; ≥ 2 active]
/// with `none` = P(none active): one → one Q, rest → rest E e^{sη} + (none + one)(E e^{sη} − Q).
/// The formulas for the integrands then hold as they are without η.
SKELETA_INLINE void include_fine(const FineFactors& fine, double none, Complex& one,
                                 Complex& rest) {
  Complex low = one;
  low.re += none;
  rest = add_product(low * fine.difference, rest, fine.all);
  one = one * fine.points;
}

/// What the difference in FineFactors may be rounded against: it is of sums of such terms.
SKELETA_INLINE double magnitude_of_fine(const Row& row) {
  double result = 0.0;
  for (Index n = row.fine_begin(); n < row.fine_end(); ++n) result += 2.0 * row.probability(n);
  return result;
}

/// Is |s g| ≤ 1/2 at all nodes below `last`?
inline bool small_in_block(const Contour& contour, double g, Index last) {
  const double largest = contour.abscissa() + contour.spacing() * static_cast<double>(last);
  return std::abs(g) * largest <= 0.5;
}

/// The weights ½, 1, 1, … of the nodes of a block.
SKELETA_INLINE Lanes node_weights(Index first) {
  static constexpr double of_first[lane_count] = {0.5, 1, 1, 1, 1, 1, 1, 1};
  return first == 0 ? load(of_first) : broadcast(1.0);
}

}  // namespace skeleta::exact
