#include "exact/skeleton_kernel.h"

#include <algorithm>
#include <cmath>

#include "exact/closed_forms.h"
#include "exact/node_factors.h"

namespace skeleta::exact {
namespace {

using Group = Complex[groups_per_block];

// e_l of the features other than i at one block of nodes, l = 0 … most.
template <bool unit>
void symmetric_polynomials(const Row& row, Phases& phases, const Nodes* nodes, Index most,
                           Group* e) {
  for (Index l = 0; l <= most; ++l) {
    for (Complex& x : e[l]) x = {broadcast(l == 0 ? 1.0 : 0.0), broadcast(0.0)};
  }
  for (Index n = 0; n < row.count; ++n) {
    const auto at = static_cast<std::size_t>(n);
    const double slope = row.w[at] / row.g[at], a = row.a[at];
    Group x;
    Complex v = phases.state(n);
    for (int m = 0; m < groups_per_block; ++m) {
      x[m] = (slope * v) * nodes[m].inverse;
      phases.advance(n, v);
    }
    phases.state(n) = v;
    for (Index l = std::min(most, n + 1); l > 0; --l) {
      for (int m = 0; m < groups_per_block; ++m) {
        const Complex kept = unit ? e[l][m] : a * e[l][m];
        e[l][m] = add_product(kept, x[m], e[l - 1][m]);
      }
    }
    for (Complex& constant : e[0]) constant.re *= a;
  }
}

// Adds Σ Re F_l over one block, F_l = 2 e^{−sc} [scale² s⁻³ E(e^{sz}; N_z = l)
// − scale s⁻² E(x_i e^{sz}; i and l − 1 others)], the latter for l ≥ 3 only (output.h).
void add_block(const Row& row, const Output& output, const Nodes* nodes, Decay& decay, Index first,
               const Group* e, Phases& phases, std::span<CompensatedSum> sums) {
  const Contour contour{output.period};
  const auto own = static_cast<std::size_t>(row.count);
  const double g = row.g[own], w = row.w[own], a = row.a[own];
  const bool series = small_in_block(contour, g, first + nodes_per_block);
  Complex v = phases.state(row.count);
  for (int m = 0; m < groups_per_block; ++m) {
    const Complex r = nodes[m].inverse;
    const Moments moments = feature_moments(nodes[m], v, g, series);
    const Complex x = w * moments.h0, with_x = w * moments.h1;
    const Complex kernel = (2.0 * output.scale) * (decay.value() * (r * r));
    const Lanes weights = node_weights(first + m * lane_count);
    for (std::size_t l = 2; l < sums.size(); ++l) {
      const Complex squares = add_product(a * e[l][m], x, e[l - 1][m]);
      Complex f = output.scale * (r * squares);
      if (l >= 3) f = f - with_x * e[l - 1][m];
      sums[l].add(sum(weights * real_product(kernel, f)));
    }
    phases.advance(row.count, v);
    decay.advance();
  }
  phases.state(row.count) = v;
}

void contour_sums(const Row& row, const Output& output, Index nodes, Phases& phases,
                  std::vector<Complex>& buffer, std::span<CompensatedSum> sums) {
  const Contour contour{output.period};
  const auto most = static_cast<Index>(sums.size()) - 1;
  buffer.resize(sums.size() * static_cast<std::size_t>(groups_per_block));
  auto* e = reinterpret_cast<Group*>(buffer.data());
  phases.set(row, contour);
  Decay decay(contour, output.c, 0);
  for (Index first = 0; first < nodes; first += nodes_per_block) {
    if (first % restart == 0) {
      phases.start(first);
      decay = Decay(contour, output.c, first);
    }
    Nodes at[groups_per_block];
    for (int m = 0; m < groups_per_block; ++m) at[m] = nodes_at(contour, first + m * lane_count);
    row.unit ? symmetric_polynomials<true>(row, phases, at, most, e)
             : symmetric_polynomials<false>(row, phases, at, most, e);
    add_block(row, output, at, decay, first, e, phases, sums);
  }
}

// Taylor coefficients c0 + c1 s + c2 s² of E[e^{sz}; N_z = l] of the others, l = 0 … most.
struct SeriesByCount {
  double c0 = 0.0, c1 = 0.0, c2 = 0.0;

  void add(double w, double g, const SeriesByCount& y) {
    const double slope = w * g * 0.5, curve = w * g * g * (1.0 / 6.0);
    c2 += w * y.c2 + slope * y.c1 + curve * y.c0;
    c1 += w * y.c1 + slope * y.c0;
    c0 += w * y.c0;
  }
};

std::vector<SeriesByCount> series_by_count(const Row& row, Index most) {
  std::vector<SeriesByCount> e(static_cast<std::size_t>(most) + 1);
  e[0].c0 = 1.0;
  for (Index n = 0; n < row.count; ++n) {
    const auto at = static_cast<std::size_t>(n);
    const double a = row.a[at];
    for (auto l = static_cast<std::size_t>(std::min(most, n + 1)); l > 0; --l) {
      e[l] = {a * e[l].c0, a * e[l].c1, a * e[l].c2};
      e[l].add(row.w[at], row.g[at], e[l - 1]);
    }
    e[0].c0 *= a;
  }
  return e;
}

// E[zⁿ; N_z = l] and E[x_i zⁿ; i and l − 1 others] for one l ≥ 2, in the fields of RestMoments.
RestMoments moments_of_count(const Row& row, SeriesByCount same, const SeriesByCount& fewer,
                             bool pair) {
  const auto own = static_cast<std::size_t>(row.count);
  const double g = row.g[own], w = row.w[own], a = row.a[own];
  same = {a * same.c0, a * same.c1, a * same.c2};
  same.add(w, g, fewer);
  const double x0 = 0.5 * w * fewer.c0, x1 = w * (g / 3.0 * fewer.c0 + 0.5 * fewer.c1);
  RestMoments result{w / 3.0 * fewer.c0, same.c0, same.c1, 2.0 * same.c2, 0.0, 0.0, 0.0, 0.0};
  (pair ? result.pair0 : result.x0) = x0;
  (pair ? result.pair1 : result.x1) = x1;
  return result;
}

// P(l of the features left out of z are active), l < size.
void idle_counts(const Row& row, std::vector<double>& law, std::size_t size) {
  law.assign(size, 0.0);
  law[0] = 1.0;
  for (const double p : row.idle) {
    for (std::size_t l = size; l-- > 1;) law[l] = (1.0 - p) * law[l] + p * law[l - 1];
    law[0] *= 1.0 - p;
  }
}

}  // namespace

void split_by_count(const Row& row, const double* gram, const Output& output, Index nodes, double v,
                    Phases& phases, SkeletonWorkspace& workspace, std::span<double> contributions) {
  const Index most = std::min(static_cast<Index>(contributions.size()) - 1, row.count + 1);
  const bool contour = output.side == Side::both && row.count > 0;
  auto& sums = workspace.sums;
  sums.assign(static_cast<std::size_t>(most) + 1, {});
  if (contour && most >= 2) contour_sums(row, output, nodes, phases, workspace.e, sums);
  const std::vector<SeriesByCount> series = series_by_count(row, most);
  idle_counts(row, workspace.idle, contributions.size());

  for (std::size_t l = 0; l < sums.size(); ++l) {
    double part = 0.0;
    if (l < 2) {
      part = closed_by_count(row, gram, static_cast<Index>(l));
    } else {
      Output of_count = output;
      of_count.closed = 0.0;
      of_count.rest = moments_of_count(row, series[l], series[l - 1], l == 2);
      if (l > 2) of_count.pairs = 0.0;
      part = square_error(of_count, contour ? 2.0 / output.period * sums[l].value() : 0.0);
    }
    for (std::size_t k = l; k < contributions.size(); ++k) {
      contributions[k] += v * part * workspace.idle[k - l];
    }
  }
}

}  // namespace skeleta::exact
