#include "exact/gradient_kernel.h"

#include <algorithm>
#include <cmath>

#include "exact/node_factors.h"

namespace skeleta::exact {
namespace {

// Groups of eight nodes that go through all features together; more would not fit the caches.
constexpr int groups = 2;
constexpr Index nodes_per_sweep = groups * lane_count;

struct Sweep {
  Index first;
  Nodes nodes[groups];
  Complex one[groups], rest[groups];  // of the others: exactly one active, ≥ 2 active
  double low = 0.0;  // at k = 0: what the fine law's difference may be rounded against
};

// What the backward pass needs at a node: F_j = w h'_j (own C + plain Π a), C the generating
// function of the remaining others with at least one active.
struct Kernels {
  Complex own, plain;
};

// The fine features at one group of nodes: their product and its stand-in (node_factors.h), and for
// derivatives by them U, V: F_j = U w h'_j Π' + V Q_j, Π' over the other fine features and Q_j the
// points with the weights of E[x_j …].
struct Fine {
  FineFactors factors;
  Complex exponential[FineLaw::most];  // e^{s shift_q}
  Complex u, v;
};

// Real and imaginary parts of F and F_b; Σ |F|², Σ |F_b|²; Σ (Re F_b)², Σ (Re ·)² of all
// derivatives.
struct Totals {
  Lanes loss = broadcast(0.0), loss_imaginary = loss, loss_energy = loss;
  Lanes threshold = loss, threshold_imaginary = loss, threshold_energy = loss;
  Lanes real = loss, energy = loss;
  Complex end, threshold_end;  // of the last group of nodes
  double amplitude = 0.0, threshold_amplitude = 0.0;
};

// The recursion of loss_kernel.cpp, keeping each x and the prefix before it, E(e^{sz}; ≥ 1 active).
template <bool unit>
void forward(const Row& row, Phases& phases, GradientWorkspace& workspace, Sweep& sweep) {
  double none = 1.0;
  for (int m = 0; m < groups; ++m) {
    sweep.one[m] = sweep.rest[m] = {broadcast(0.0), broadcast(0.0)};
  }
  for (Index n = 0; n < row.count; ++n) {
    const auto at = static_cast<std::size_t>(n);
    const double slope = row.w[at] / row.g[at], a = row.a[at];
    Complex v = phases.state(n);
    workspace.none_before[at] = none;
#pragma GCC unroll 2
    for (int m = 0; m < groups; ++m) {
      const Complex x = (slope * v) * sweep.nodes[m].inverse;
      const Complex both = sweep.rest[m] + sweep.one[m];
      const std::size_t slot = at * groups + static_cast<std::size_t>(m);
      workspace.x[slot] = x;
      workspace.prefix[slot] = both;
      if constexpr (unit) {
        sweep.rest[m] = add_product(sweep.rest[m], x, both);
        sweep.one[m] = sweep.one[m] + x;
      } else {
        sweep.rest[m] = add_product(a * sweep.rest[m], x, both);
        sweep.one[m] = a * sweep.one[m] + none * x;
      }
      phases.advance(n, v);
    }
    phases.state(n) = v;
    if constexpr (!unit) none *= a;
  }
}

// As fine_factors, keeping each x and the prefix before it.
void forward_fine(const Row& row, Phases& phases, GradientWorkspace& workspace, const Sweep& sweep,
                  Fine* fine) {
  for (int m = 0; m < groups; ++m) {
    Complex all{broadcast(0.0), broadcast(0.0)}, points = all;
    for (Index n = row.fine_begin(); n < row.fine_end(); ++n) {
      const auto at = static_cast<std::size_t>(n);
      const std::size_t slot = at * groups + static_cast<std::size_t>(m);
      Complex& v = phases.state(n);
      const Complex x = (row.w[at] / row.g[at] * v) * sweep.nodes[m].inverse;
      const Complex change{x.re - row.w[at], x.im};
      workspace.x[slot] = x;
      workspace.prefix[slot] = all;
      all = add_product(all + change, all, change);
      phases.advance(n, v);
    }
    for (int q = 0; q < FineLaw::most; ++q) {
      Complex& v = phases.state(row.points_begin() + q);
      points = points + row.fine.weight[static_cast<std::size_t>(q)] * v;
      fine[m].exponential[q] = {v.re + 1.0, v.im};
      phases.advance(row.points_begin() + q, v);
    }
    fine[m].factors = {all, points, all - points};
    fine[m].factors.all.re += 1.0;
    fine[m].factors.points.re += 1.0;
  }
}

// With one, rest of the main others and low = none + one: the closed forms have taken Q times the
// kernels of N_z ≤ 1 away, so U = own (rest + low) and V = plain one − own low. For main features
// (own, plain) become (own E e^{sη}, own (E e^{sη} − Q) + plain Q).
void include_fine_kernels(const Complex& one, const Complex& rest, double none, Fine& fine,
                          Kernels& kernels) {
  Complex low = one;
  low.re += none;
  fine.u = kernels.own * (rest + low);
  fine.v = kernels.plain * one - kernels.own * low;
  const FineFactors& factors = fine.factors;
  kernels = {kernels.own * factors.all,
             add_product(kernels.own * factors.difference, kernels.plain, factors.points)};
}

// The integrands that do not depend on j, and the kernels of those that do.
Kernels at_own(const Row& row, const Output& output, const Sweep& sweep, int m, const Complex& v,
               bool series, const Complex& decay, Lanes& diagonal, Totals& totals) {
  const auto own = static_cast<std::size_t>(row.count);
  const double w = row.w[own], a = row.a[own], scale = output.scale;
  const Lanes weights = node_weights(sweep.first + m * lane_count);
  const Complex r = sweep.nodes[m].inverse, rest = sweep.rest[m];
  const Moments moments = feature_moments(sweep.nodes[m], v, row.g[own], series);
  const Complex x = w * moments.h0, x1 = w * moments.h1, x2 = w * moments.h2;
  const Complex squares = add_product(a * rest, x, rest + sweep.one[m]), ramps = x1 * rest;
  const Complex step = decay * r, ramp = scale * (step * r);

  const Complex twice = 2.0 * ramp, scaled = scale * (r * squares);
  const Complex f = twice * (scaled - ramps);
  totals.loss += weights * f.re;
  totals.loss_imaginary += f.im;
  totals.end = f;
  totals.loss_energy += f.re * f.re + f.im * f.im;
  if (sweep.first + m == 0) {
    const double low_squares = (a + x.re[0]) * sweep.low, low_ramps = x1.re[0] * sweep.low;
    const double square = std::abs(squares.re[0]) + low_squares;
    const double of_ramps = std::abs(ramps.re[0]) + low_ramps;
    totals.amplitude = twice.re[0] * (scale * r.re[0] * square + of_ramps);
    totals.threshold_amplitude = step.re[0] * of_ramps + ramp.re[0] * square;
  }

  const Complex threshold = step * ramps - ramp * squares;
  const Lanes own_entry = real_product(step, x2 * rest) - real_product(ramp, ramps);
  const Lanes square = threshold.re * threshold.re;
  totals.threshold += weights * threshold.re;
  totals.threshold_imaginary += threshold.im;
  totals.threshold_end = threshold;
  totals.threshold_energy += square + threshold.im * threshold.im;
  totals.real += square;
  totals.energy += square + own_entry * own_entry;
  diagonal += weights * own_entry;
  Complex active = x;
  active.re += a;
  return {weights * (step * x1 - ramp * active), (-weights) * (ramp * x)};
}

// w h'(s g) from x = w h(s g): h' = h + (1 − h)/(s g); by the first terms of its series where that
// cancels (|s g| ≤ 1/50 in the whole block: remainder 1e-14).
SKELETA_INLINE Complex with_x(const Nodes& nodes, const Complex& x, double w, double g,
                              bool series) {
  if (series) {
    const Complex a = g * nodes.s;
    Complex sum = (1.0 / 840.0) * a;
    for (const double c : {1.0 / 144.0, 1.0 / 30.0, 1.0 / 8.0, 1.0 / 3.0}) {
      sum.re += c;
      sum = sum * a;
    }
    sum.re += 0.5;
    return w * sum;
  }
  const double inverse = 1.0 / g;
  return add_product(x, Complex{(w - x.re) * inverse, -x.im * inverse}, nodes.inverse);
}

template <bool unit>
void backward(const Row& row, const Output& output, GradientWorkspace& workspace,
              const Sweep& sweep, const Kernels* kernels, Totals& totals) {
  const Contour contour{output.period};
  const double largest =
      contour.abscissa() + contour.spacing() * static_cast<double>(sweep.first + nodes_per_sweep);
  Complex suffix[groups];
  for (Complex& s : suffix) s = {broadcast(0.0), broadcast(0.0)};
  double none = 1.0;
  for (Index n = row.count; n-- > 0;) {
    const auto at = static_cast<std::size_t>(n);
    const double w = row.w[at], g = row.g[at], a = row.a[at];
    const bool series = std::abs(g) * largest <= 0.02;
    Lanes entry = broadcast(0.0);
#pragma GCC unroll 2
    for (int m = 0; m < groups; ++m) {
      const std::size_t slot = at * groups + static_cast<std::size_t>(m);
      const Complex x = workspace.x[slot], prefix = workspace.prefix[slot];
      const double before = unit ? 1.0 : workspace.none_before[at];
      Complex others, empty = kernels[m].plain;
      if constexpr (unit) {
        others = add_product(prefix + suffix[m], prefix, suffix[m]);
      } else {
        others = add_product(none * prefix + before * suffix[m], prefix, suffix[m]);
        empty = (before * none) * empty;
      }
      const Complex q = add_product(empty, kernels[m].own, others);
      const Lanes f = real_product(with_x(sweep.nodes[m], x, w, g, series), q);
      entry += f;
      totals.energy += f * f;
      if constexpr (unit) {
        Complex more = suffix[m];
        more.re += 1.0;
        suffix[m] = add_product(suffix[m], x, more);
      } else {
        Complex more = suffix[m];
        more.re += none;
        suffix[m] = add_product(a * suffix[m], x, more);
      }
    }
    double* sum = &workspace.entries[at * static_cast<std::size_t>(lane_count)];
    store(sum, load(sum) + entry);
    if constexpr (!unit) none *= a;
  }
}

void backward_fine(const Row& row, const Output& output, GradientWorkspace& workspace,
                   const Sweep& sweep, const Fine* fine, Totals& totals) {
  const Contour contour{output.period};
  const double largest =
      contour.abscissa() + contour.spacing() * static_cast<double>(sweep.first + nodes_per_sweep);
  Complex suffix[groups];
  for (Complex& s : suffix) s = {broadcast(1.0), broadcast(0.0)};
  for (Index n = row.fine_end(); n-- > row.fine_begin();) {
    const auto at = static_cast<std::size_t>(n);
    const double w = row.w[at], g = row.g[at];
    const double* weights = &workspace.fine_weights[at * FineLaw::most];
    const bool series = std::abs(g) * largest <= 0.02;
    Lanes entry = broadcast(0.0);
    for (int m = 0; m < groups; ++m) {
      const std::size_t slot = at * groups + static_cast<std::size_t>(m);
      const Complex x = workspace.x[slot];
      Complex prefix = workspace.prefix[slot];
      prefix.re += 1.0;
      const Complex own = with_x(sweep.nodes[m], x, w, g, series);
      Complex points = weights[0] * fine[m].exponential[0];
      for (int q = 1; q < FineLaw::most; ++q) {
        points = points + weights[q] * fine[m].exponential[q];
      }
      const Lanes f =
          real_product(fine[m].u, own * (prefix * suffix[m])) + real_product(fine[m].v, points);
      entry += f;
      totals.energy += f * f;
      suffix[m] = add_product((1.0 - w) * suffix[m], suffix[m], x);
    }
    double* sum = &workspace.entries[at * static_cast<std::size_t>(lane_count)];
    store(sum, load(sum) + entry);
  }
}

template <bool unit>
Totals sum_block(const Row& row, const Output& output, Phases& phases, GradientWorkspace& workspace,
                 Decay& decay, Index first) {
  const Contour contour{output.period};
  const bool series =
      small_in_block(contour, row.g[static_cast<std::size_t>(row.count)], first + nodes_per_block);
  double* diagonal =
      &workspace
           .entries[static_cast<std::size_t>(row.count) * static_cast<std::size_t>(lane_count)];
  Totals totals;
  for (Index k = first; k < first + nodes_per_block; k += nodes_per_sweep) {
    Sweep sweep;
    sweep.first = k;
    for (int m = 0; m < groups; ++m) sweep.nodes[m] = nodes_at(contour, k + m * lane_count);
    forward<unit>(row, phases, workspace, sweep);
    const bool has_fine = row.fine_count > 0;
    Fine fine[groups];
    Complex one[groups], rest[groups];
    if (has_fine) {
      forward_fine(row, phases, workspace, sweep, fine);
      if (k == 0) sweep.low = magnitude_of_fine(row) * (row.none + sweep.one[0].re[0]);
      for (int m = 0; m < groups; ++m) {
        one[m] = sweep.one[m];
        rest[m] = sweep.rest[m];
        include_fine(fine[m].factors, row.none, sweep.one[m], sweep.rest[m]);
      }
    }
    Kernels kernels[groups];
    Complex v = phases.state(row.count);
    Lanes own_entry = load(diagonal);
    for (int m = 0; m < groups; ++m) {
      kernels[m] = at_own(row, output, sweep, m, v, series, decay.value(), own_entry, totals);
      if (has_fine) include_fine_kernels(one[m], rest[m], row.none, fine[m], kernels[m]);
      phases.advance(row.count, v);
      decay.advance();
    }
    store(diagonal, own_entry);
    phases.state(row.count) = v;
    backward<unit>(row, output, workspace, sweep, kernels, totals);
    if (has_fine) backward_fine(row, output, workspace, sweep, fine, totals);
  }
  return totals;
}

void set_end(const Complex& f, NodeSum& sums) {
  sums.end_value = sum(f.re);
  sums.end_imaginary = sum(f.im);
  sums.end_energy = sum(f.re * f.re + f.im * f.im);
}

// Only the real parts of the F_j are formed; what their phases may still turn into real parts is
// taken from F_b: where they turn freely, half of all is real.
NodeSum sum_of_derivatives(const Totals& totals) {
  const double energy = sum(totals.threshold_energy), real = sum(totals.real);
  const double turned = energy > 0.0 ? std::clamp(0.5 * energy / real, 1.0, 100.0) : 1.0;
  NodeSum result{sum(totals.threshold), sum(totals.threshold_imaginary), energy,
                 turned * sum(totals.energy)};
  set_end(totals.threshold_end, result);
  result.amplitude = totals.threshold_amplitude;
  return result;
}

template <bool unit>
void sum_blocks(const Row& row, const Output& output, Phases& phases, GradientWorkspace& workspace,
                Index first, std::span<NodeSum> sums, std::span<NodeSum> derivatives) {
  const Contour contour{output.period};
  phases.set(row, contour);
  for (Index n = row.fine_begin(); n < row.fine_end(); ++n) {
    const auto at = static_cast<std::size_t>(n);
    const auto weights = row.fine.weights_with(row.g[at], row.w[at]);
    std::copy(weights.begin(), weights.end(), &workspace.fine_weights[at * FineLaw::most]);
  }
  Decay decay(contour, output.c, first);
  for (std::size_t block = 0; block < sums.size(); ++block) {
    const Index k = first + static_cast<Index>(block) * nodes_per_block;
    if (block == 0 || k % restart == 0) {
      phases.start(k);
      decay = Decay(contour, output.c, k);
    }
    const Totals totals = sum_block<unit>(row, output, phases, workspace, decay, k);
    const double energy = sum(totals.loss_energy);
    sums[block] = {sum(totals.loss), sum(totals.loss_imaginary), energy, energy};
    set_end(totals.end, sums[block]);
    sums[block].amplitude = totals.amplitude;
    derivatives[block] = sum_of_derivatives(totals);
  }
}

}  // namespace

void GradientWorkspace::resize(Index features) {
  const auto size = static_cast<std::size_t>(row_size(features));
  fine_weights.resize(size * FineLaw::most);
  x.resize(size * groups);
  prefix.resize(size * groups);
  none_before.resize(size);
  entries.resize(size * static_cast<std::size_t>(lane_count));
}

void sum_gradient(const Row& row, const Output& output, Phases& phases,
                  GradientWorkspace& workspace, Index first, std::span<NodeSum> sums,
                  std::span<NodeSum> derivatives, double* entries) {
  const auto lanes = static_cast<std::size_t>(lane_count);
  std::fill_n(workspace.entries.begin(), static_cast<std::size_t>(row.fine_end()) * lanes, 0.0);
  row.unit ? sum_blocks<true>(row, output, phases, workspace, first, sums, derivatives)
           : sum_blocks<false>(row, output, phases, workspace, first, sums, derivatives);
  for (Index n = 0; n < row.fine_end(); ++n) {
    entries[n] += sum(load(&workspace.entries[static_cast<std::size_t>(n) * lanes]));
  }
}

}  // namespace skeleta::exact
