#include "exact/curvature_kernel.h"

#include <algorithm>

#include "exact/node_factors.h"
#include "exact/truncation.h"
#include "exact/value_moments.h"

namespace skeleta::exact {
namespace {

constexpr int curvature_groups = 2;  // of eight nodes, that go through all features together
constexpr Index curvature_sweep = curvature_groups * lane_count;
constexpr int kept_factors = 3, kept_prefixes = 2;  // by feature and group

// At one group of nodes, of the others: exactly one, at least two active; and the same times Y.
struct CurvatureNodes {
  Nodes nodes;
  Complex one, rest, one_y, rest_y;
};

// F_j = w h'_j (K̃ C + K C̃ + K̃₀ Π a) + u_j w h''_j (K C + K₀ Π a), C, C̃ of the remaining others
// with at least one active.
struct CurvatureKernels {
  Complex some, none, some_y, none_y;
};

struct CurvatureTotals {
  Lanes value = broadcast(0.0), imaginary = value, energy = value, mean = value;
  Lanes real = value, all = value;
  Complex end;
};

SKELETA_INLINE Complex complex_zero() {
  return {broadcast(0.0), broadcast(0.0)};
}

void forward_curvature(const Row& row, Phases& phases, CurvatureWorkspace& workspace,
                       const Reach& reach, CurvatureNodes* at_nodes) {
  double none = 1.0;
  for (int m = 0; m < curvature_groups; ++m) {
    CurvatureNodes& x = at_nodes[m];
    x.one = x.rest = x.one_y = x.rest_y = complex_zero();
  }
  for (Index n = 0; n < row.count; ++n) {
    const auto at = static_cast<std::size_t>(n);
    const double w = row.w[at], a = row.a[at], u = workspace.u[at];
    Complex v = phases.state(n);
    workspace.none_before[at] = none;
    for (int m = 0; m < curvature_groups; ++m) {
      CurvatureNodes& of = at_nodes[m];
      const std::size_t slot = at * curvature_groups + static_cast<std::size_t>(m);
      Complex* const factors = &workspace.factors[slot * kept_factors];
      Complex* const prefix = &workspace.prefix[slot * kept_prefixes];
      Complex h[kept_factors];
      moments_of<kept_factors>(of.nodes, v, row.g[at], reach, h);
      for (int k = 0; k < kept_factors; ++k) factors[k] = w * h[k];
      const Complex x = factors[0], y = u * factors[1];
      const Complex some = of.rest + of.one, some_y = of.rest_y + of.one_y;
      prefix[0] = some;
      prefix[1] = some_y;
      of.rest_y = add_product(add_product(a * of.rest_y, x, some_y), y, some);
      of.rest = add_product(a * of.rest, x, some);
      of.one_y = a * of.one_y + none * y;
      of.one = a * of.one + none * x;
      phases.advance(n, v);
    }
    phases.state(n) = v;
    none *= a;
  }
}

// The integrands that do not depend on j, and the kernels of those that do.
CurvatureKernels at_own_curvature(const Row& row, const Output& output, const CurvatureNodes& of,
                                  double u, double constant, const Complex& v, const Reach& reach,
                                  const Complex& decay, const Lanes& weights, Lanes& own_entry,
                                  CurvatureTotals& totals) {
  const auto own = static_cast<std::size_t>(row.count);
  const double w = row.w[own], a = row.a[own];
  Complex x[4];
  moments_of<4>(of.nodes, v, row.g[own], reach, x);
  for (Complex& factor : x) factor = w * factor;
  const Complex step = decay * of.nodes.inverse, line = (1.0 / output.scale) * decay;
  const Complex some = of.one + of.rest, some_y = of.one_y + of.rest_y;
  const Complex mean = step * (a * of.rest + x[0] * some) - line * (x[1] * of.rest);
  const Complex direction = step * (a * of.rest_y + x[0] * some_y + u * (x[1] * some)) -
                            line * (x[1] * of.rest_y + u * (x[2] * of.rest)) + constant * mean;
  const Complex entry = step * (x[1] * some_y + u * (x[2] * some)) -
                        line * (x[2] * of.rest_y + u * (x[3] * of.rest)) +
                        constant * (step * (x[1] * some) - line * (x[2] * of.rest));
  const Lanes square = direction.re * direction.re;
  totals.mean += weights * mean.re;
  totals.value += weights * direction.re;
  totals.imaginary += direction.im;
  totals.energy += square + direction.im * direction.im;
  totals.real += square;
  totals.all += square + entry.re * entry.re;
  totals.end = direction;
  own_entry += weights * entry.re;
  Complex active = x[0];
  active.re += a;
  CurvatureKernels kernels;
  kernels.some = weights * (step * active - line * x[1]);
  kernels.none = weights * (step * x[0]);
  kernels.some_y = u * (weights * (step * x[1] - line * x[2])) + constant * kernels.some;
  kernels.none_y = u * (weights * (step * x[1])) + constant * kernels.none;
  return kernels;
}

void backward_curvature(const Row& row, CurvatureWorkspace& workspace,
                        const CurvatureKernels* kernels, CurvatureTotals& totals) {
  Complex suffix[curvature_groups], suffix_y[curvature_groups];
  for (int m = 0; m < curvature_groups; ++m) suffix[m] = suffix_y[m] = complex_zero();
  double none = 1.0;
  for (Index n = row.count; n-- > 0;) {
    const auto at = static_cast<std::size_t>(n);
    const double a = row.a[at], u = workspace.u[at], before = workspace.none_before[at];
    Lanes entry = broadcast(0.0);
    for (int m = 0; m < curvature_groups; ++m) {
      const std::size_t slot = at * curvature_groups + static_cast<std::size_t>(m);
      const Complex* const x = &workspace.factors[slot * kept_factors];
      const Complex* const prefix = &workspace.prefix[slot * kept_prefixes];
      const CurvatureKernels& k = kernels[m];
      Complex &after = suffix[m], &after_y = suffix_y[m];
      const Complex some = add_product(none * prefix[0] + before * after, prefix[0], after);
      const Complex some_y = add_product(
          add_product(none * prefix[1] + before * after_y, prefix[1], after), prefix[0], after_y);
      const double empty = before * none;
      const Complex still = add_product(empty * k.none, k.some, some);
      const Complex moved =
          add_product(add_product(empty * k.none_y, k.some_y, some), k.some, some_y);
      const Lanes f = real_product(x[1], moved) + u * real_product(x[2], still);
      entry += f;
      totals.all += f * f;
      Complex more = after;
      more.re += none;
      after_y = add_product(add_product(a * after_y, x[0], after_y), u * x[1], more);
      after = add_product(a * after, x[0], more);
    }
    double* sum = &workspace.entries[at * static_cast<std::size_t>(lane_count)];
    store(sum, load(sum) + entry);
    none *= a;
  }
}

// As for the gradient: where phases turn freely half of all is real.
NodeSum block_sum(const CurvatureTotals& totals) {
  const double energy = sum(totals.energy), real = sum(totals.real);
  const double turned = energy > 0.0 ? std::clamp(0.5 * energy / real, 1.0, 100.0) : 1.0;
  NodeSum result{sum(totals.value), sum(totals.imaginary), energy, turned * sum(totals.all)};
  const Complex& f = totals.end;
  result.end_value = sum(f.re);
  result.end_imaginary = sum(f.im);
  result.end_energy = sum(f.re * f.re + f.im * f.im);
  return result;
}

}  // namespace

void CurvatureWorkspace::resize(Index features) {
  const auto size = static_cast<std::size_t>(row_size(features));
  u.resize(size);
  factors.resize(size * curvature_groups * kept_factors);
  prefix.resize(size * curvature_groups * kept_prefixes);
  none_before.resize(size);
  entries.resize(size * static_cast<std::size_t>(lane_count));
}

void sum_curvature(const Row& row, const Output& output, Phases& phases,
                   CurvatureWorkspace& workspace, Index nodes, CurvatureSums& sums) {
  constexpr double caution = 3.0;  // as for the gradient
  const auto lanes = static_cast<std::size_t>(lane_count),
             own = static_cast<std::size_t>(row.count);
  const Contour contour{output.period};
  std::fill_n(workspace.entries.begin(), (own + 1) * lanes, 0.0);
  workspace.sums.clear();
  sums.mean = 0.0;
  phases.set(row, contour);
  Decay decay(contour, output.c, 0);
  for (Index block = 0; block < nodes; block += nodes_per_block) {
    if (block % restart == 0) {
      phases.start(block);
      decay = Decay(contour, output.c, block);
    }
    CurvatureTotals totals;
    for (Index k = block; k < block + nodes_per_block; k += curvature_sweep) {
      const Reach reach = reach_of(contour, k, curvature_sweep);
      CurvatureNodes at_nodes[curvature_groups];
      for (int m = 0; m < curvature_groups; ++m) {
        at_nodes[m].nodes = nodes_at(contour, k + m * lane_count);
      }
      forward_curvature(row, phases, workspace, reach, at_nodes);
      CurvatureKernels kernels[curvature_groups];
      Complex v = phases.state(row.count);
      Lanes own_entry = load(&workspace.entries[own * lanes]);
      for (int m = 0; m < curvature_groups; ++m) {
        kernels[m] = at_own_curvature(row, output, at_nodes[m], workspace.u[own],
                                      workspace.constant, v, reach, decay.value(),
                                      node_weights(k + m * lane_count), own_entry, totals);
        phases.advance(row.count, v);
        decay.advance();
      }
      store(&workspace.entries[own * lanes], own_entry);
      phases.state(row.count) = v;
      backward_curvature(row, workspace, kernels, totals);
    }
    sums.mean += sum(totals.mean);
    workspace.sums.push_back(block_sum(totals));
  }
  NodeTotal total;
  total.add(workspace.sums);
  sums.direction = total.value();
  sums.tail = total.estimated_tail(caution);
  sums.entries.resize(own + 1);
  for (std::size_t n = 0; n <= own; ++n) sums.entries[n] = sum(load(&workspace.entries[n * lanes]));
}

}  // namespace skeleta::exact
