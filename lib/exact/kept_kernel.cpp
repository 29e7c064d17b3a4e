#include "exact/kept_kernel.h"

#include <algorithm>

#include "exact/node_factors.h"
#include "exact/value_moments.h"

namespace skeleta::exact {
namespace {

constexpr int kept_kernels = 3, kept_moments = 4;

// At one group of nodes: Π f of the others, Σ none_n w h of them with only n active.
struct KeptNodes {
  Nodes nodes;
  Complex product, one;
};

SKELETA_INLINE Complex reciprocal(const Complex& x, const Lanes& square) {
  const Lanes scale = 1.0 / square;
  return {x.re * scale, -x.im * scale};
}

// As float, what the products will use is what is returned.
SKELETA_INLINE Lanes rounded(const Lanes& x, float* to) {
  double kept[lane_count];
  for (int lane = 0; lane < lane_count; ++lane) {
    to[lane] = static_cast<float>(x[lane]);
    kept[lane] = to[lane];
  }
  return load(kept);
}

// Keeps w h', w h'', w h''/f − ρ² and ρ of the others.
void forward_kept(const Row& row, Phases& phases, CurvatureWorkspace& workspace, const Reach& reach,
                  Index group, KeptNodes& of, KeptSums& sums) {
  const auto size = static_cast<std::size_t>(2 * sums.nodes);
  of.product = {broadcast(1.0), broadcast(0.0)};
  of.one = {broadcast(0.0), broadcast(0.0)};
  Lanes least = broadcast(sums.least);
  for (Index n = 0; n < row.count; ++n) {
    const auto at = static_cast<std::size_t>(n);
    const double w = row.w[at];
    Complex v = phases.state(n), h[3];
    moments_of<3>(of.nodes, v, row.g[at], reach, h);
    Complex f = w * h[0];
    of.one = of.one + (row.alone[at] / w) * f;
    f.re += row.a[at];
    const Lanes square = f.re * f.re + f.im * f.im;
    least = smaller(least, square);
    const Complex inverse = reciprocal(f, square);
    const Complex first = w * h[1], second = w * h[2];
    Complex ratio = first * inverse;
    float* const to = &sums.ratios[at * size + static_cast<std::size_t>(group)];
    ratio.re = rounded(ratio.re, to);
    ratio.im = rounded(ratio.im, to + sums.nodes);
    Complex* const kept = &workspace.factors[at * kept_moments];
    kept[0] = first;
    kept[1] = second;
    kept[2] = second * inverse - ratio * ratio;
    of.product = of.product * f;
    phases.advance(n, v);
    phases.state(n) = v;
  }
  for (int lane = 0; lane < lane_count; ++lane) sums.least = std::min(sums.least, least[lane]);
}

// κ α_k at this group, and what feature i and the constant are in apart from the ratios.
struct KeptOwn {
  Complex alpha, single, line;  // κ α_0; κ (a_i/s − f'/scale) e^{−sc}; κ f''/scale e^{−sc}
};

KeptOwn own_kept(const Row& row, const Output& output, const KeptNodes& of, const Complex& v,
                 const Reach& reach, const Complex& decay, const Lanes& weights, Index group,
                 KeptSums& sums) {
  const auto own = static_cast<std::size_t>(row.count);
  const double w = row.w[own], a = row.a[own], none = row.none;
  Complex x[4];
  moments_of<4>(of.nodes, v, row.g[own], reach, x);
  for (Complex& factor : x) factor = w * factor;
  const Complex step = weights * (decay * of.nodes.inverse);
  const Complex line = weights * ((1.0 / output.scale) * decay);
  Complex active = x[0];
  active.re += a;
  const Complex alpha[kept_kernels] = {of.product * (step * active - line * x[1]),
                                       of.product * (step * x[1] - line * x[2]),
                                       of.product * (step * x[2] - line * x[3])};
  for (int k = 0; k < kept_kernels; ++k) {
    store(&sums.kernels[2 * k][static_cast<std::size_t>(group)], alpha[k].re);
    store(&sums.kernels[2 * k + 1][static_cast<std::size_t>(group)], alpha[k].im);
  }
  // Without N_z ≤ 1 in the first term, N_z ≤ 2 in the second.
  const Complex single = a * step - line * x[1];
  sums.own_own += sum((line * (none * x[3] + of.one * x[3]) - none * (step * x[2])).re);
  sums.own_constant += sum((line * (none * x[2] + of.one * x[2]) - none * (step * x[1])).re);
  sums.constant_constant +=
      sum((line * (none * x[1] + of.one * x[1]) - step * (none * active + a * of.one)).re);
  return {alpha[0], single, line * x[2]};
}

void backward_kept(const Row& row, const CurvatureWorkspace& workspace, const KeptOwn& own,
                   KeptSums& sums) {
  for (Index n = 0; n < row.count; ++n) {
    const auto at = static_cast<std::size_t>(n);
    const Complex* const kept = &workspace.factors[at * kept_moments];
    const double none = row.alone[at] / row.w[at];
    sums.diagonal[at] +=
        sum(real_product(own.alpha, kept[2]) - none * real_product(own.single, kept[1]));
    sums.constant[at] -= none * sum(real_product(own.single, kept[0]));
    sums.own[at] += none * sum(real_product(own.line, kept[0]));
  }
}

void reset(const Row& row, Index nodes, KeptSums& sums) {
  const auto count = static_cast<std::size_t>(row.count);
  sums.count = row.count;
  sums.nodes = nodes;
  sums.ratios.resize(count * static_cast<std::size_t>(2 * nodes));
  for (std::vector<double>& kernel : sums.kernels) kernel.resize(static_cast<std::size_t>(nodes));
  for (std::vector<double>* x : {&sums.diagonal, &sums.own, &sums.constant}) x->assign(count, 0.0);
  sums.own_own = sums.own_constant = sums.constant_constant = 0.0;
  sums.least = 1.0;
}

void scale(double unit, KeptSums& sums) {
  for (std::vector<double>& kernel : sums.kernels) {
    for (double& x : kernel) x *= unit;
  }
  for (std::vector<double>* entries : {&sums.diagonal, &sums.own, &sums.constant}) {
    for (double& x : *entries) x *= unit;
  }
  for (double* x : {&sums.own_own, &sums.own_constant, &sums.constant_constant}) *x *= unit;
}

}  // namespace

void sum_kept(const Row& row, const Output& output, Phases& phases, CurvatureWorkspace& workspace,
              Index nodes, KeptSums& sums) {
  const Contour contour{output.period};
  reset(row, nodes, sums);
  phases.set(row, contour);
  Decay decay(contour, output.c, 0);
  for (Index k = 0; k < nodes; k += lane_count) {
    if (k % restart == 0) {
      phases.start(k);
      decay = Decay(contour, output.c, k);
    }
    const Reach reach = reach_of(contour, k, lane_count);
    KeptNodes of;
    of.nodes = nodes_at(contour, k);
    forward_kept(row, phases, workspace, reach, k, of, sums);
    Complex v = phases.state(row.count);
    const KeptOwn own =
        own_kept(row, output, of, v, reach, decay.value(), node_weights(k), k, sums);
    phases.advance(row.count, v);
    phases.state(row.count) = v;
    decay.advance();
    backward_kept(row, workspace, own, sums);
  }
  scale(2.0 / output.period * row.mass, sums);
  sums.least = std::sqrt(sums.least);
}

void add_kept_product(const KeptSums& sums, const float* u, double u_own, double constant,
                      std::vector<float>& buffer, double* entries, double& own, double& mean) {
  const auto nodes = static_cast<std::size_t>(sums.nodes), size = 2 * nodes;
  buffer.assign(size, 0.0F);
  float* const t = buffer.data();
  for (Index n = 0; n < sums.count; ++n) {
    const float* const ratios = &sums.ratios[static_cast<std::size_t>(n) * size];
    const float x = u[n];
#pragma omp simd
    for (std::size_t m = 0; m < size; ++m) t[m] += x * ratios[m];
  }
  const auto& [a0, b0, a1, b1, a2, b2] = sums.kernels;
  for (std::size_t m = 0; m < nodes; ++m) {
    const double re = t[m] + constant, im = t[nodes + m];
    const double moved_re = a0[m] * re - b0[m] * im + a1[m] * u_own;
    const double moved_im = a0[m] * im + b0[m] * re + b1[m] * u_own;
    own += a1[m] * re - b1[m] * im + a2[m] * u_own;
    mean += moved_re;
    t[m] = static_cast<float>(moved_re);
    t[nodes + m] = static_cast<float>(-moved_im);
  }
  for (Index n = 0; n < sums.count; ++n) {
    const float* const ratios = &sums.ratios[static_cast<std::size_t>(n) * size];
    float entry = 0.0F;
#pragma omp simd reduction(+ : entry)
    for (std::size_t m = 0; m < size; ++m) entry += t[m] * ratios[m];
    entries[n] += entry;
  }
}

}  // namespace skeleta::exact
