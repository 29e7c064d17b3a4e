#include "exact/dictionary_kernel.h"

#include <algorithm>
#include <numbers>

#include "exact/dictionary_walk.h"
#include "exact/value_lanes.h"

namespace skeleta::exact {
namespace {

// The kernels times e^{−sc}, without the jump's s⁻¹; e^{−sc}/s.
struct OutputKernels {
  Complex plain, own, step;
};
SKELETA_INLINE OutputKernels output_kernels(const DictionaryRow& row, FactorWalk& walk,
                                            const Nodes& nodes) {
  const Complex step = walk.decay() * nodes.inverse, square = step * nodes.inverse;
  return {2.0 * (square * nodes.inverse) + (2.0 * row.jump) * square, -2.0 * square, step};
}

// What the cut orders and the grid change of Φ, relative to |Φ|: cut + grid |sδ|⁸.
struct ErrorOfGrid {
  double cut = 0.0, grid = 0.0;
};
ErrorOfGrid spread_error(const DictionaryRow& row, const Contour& contour) {
  const RareFeatures& rare = *row.rare;
  const double reach = row.grid.spacing * static_cast<double>(row.high);
  const double growth = std::exp(contour.abscissa() * reach);  // ≥ |h|
  ErrorOfGrid error;
  double power = row.farthest > 0.0 ? spread_constant / 9.0 : 0.0;  // 0 is a point of the grid
  for (int n = 1; n <= row.grid.orders; ++n) {
    power *= growth;
    error.grid +=
        std::pow(n, spread_taps - 1) * power * rare.powers[static_cast<std::size_t>(n - 1)];
  }
  for (int n = 1; n <= row.grid.orders; ++n) {
    error.cut += rare.cut[static_cast<std::size_t>(n - 1)] * std::pow(growth, n + 1) / (n + 1);
  }
  const double most = rare.largest * growth;
  error.cut = most < 1.0 ? error.cut / (1.0 - most) : INFINITY;
  return error;
}

// h(y) for real y = t x.
SKELETA_INLINE Lanes transform(const Lanes& t, double x) {
  const Lanes y = x * t;
  return x == 0.0 ? broadcast(1.0) : exp_minus_1(y) / y;
}

}  // namespace

void sum_dictionary(const DictionaryRow& row, const Contour& contour, Index nodes,
                    DictionarySums& sums) {
  sums = {};
  const ErrorOfGrid error = spread_error(row, contour);
  FactorWalk walk(row, contour);
  Complex powers[most_orders];
  Lanes value = broadcast(0.0), of_grid = value, of_cut = value, of_step = value, amplitude = value;
  for (Index first = 0; first < nodes; first += lane_count) {
    if (first % nodes_per_block == 0) {
      sums.steps.emplace_back();
      sums.jumps.emplace_back();
    }
    const Nodes s = nodes_at(contour, first);
    power_sums(row, s, powers);
    const OtherFeatures others = others_at(row, walk, s, powers);
    const Moments h = walk.own(s, first);
    const OutputKernels kernels = output_kernels(row, walk, s);
    const Lanes weights = node_weights(first);
    // y² where x_i is not active and where it is, −2x_i y; first without the jump's s⁻¹.
    const Complex active = row.p * h.h0, with_x = row.p * h.h1;
    const double idle = 1.0 - row.p;
    const Complex of_some = kernels.plain * active + kernels.own * with_x;
    const Complex jump_of_some =
        kernels.step * ((row.jump * row.jump) * active - (2.0 * row.jump) * with_x);
    const Complex jumped =
        jump_of_some * others.some + (idle * row.jump * row.jump) * (kernels.step * others.fewest);
    const Complex f = of_some * others.some + idle * (kernels.plain * others.fewest) + jumped;
    const Complex alarm = kernels.step * others.fewest;
    const Complex hit = (kernels.step * others.some) * h.h0;
    value = value + weights * f.re;
    sums.false_alarm += sum(weights * alarm.re);
    sums.hit += sum(weights * hit.re);
    add_group(sums.steps.back(), alarm + hit, weights);
    add_group(sums.jumps.back(), jumped, weights);
    const Complex step_of_grid = row.grid.spacing * s.s;
    const Lanes square = step_of_grid.re * step_of_grid.re + step_of_grid.im * step_of_grid.im;
    const Lanes fourth = square * square;
    // A bound of |Φ|, with what of it is subtracted, and of the kernels.
    const Lanes size = weights * (modulus(others.some) + modulus(others.single) + 2.0 * row.none);
    const Lanes step = modulus(kernels.step);
    const Lanes kernel = modulus(of_some + jump_of_some) +
                         idle * (modulus(kernels.plain) + (row.jump * row.jump) * step);
    const Lanes cut = error.cut * size, grid = (error.grid * (fourth * fourth)) * size;
    amplitude = amplitude + size * kernel;
    of_cut = of_cut + cut * kernel;
    of_grid = of_grid + grid * kernel;
    of_step = of_step + (cut + grid) * step * (1.0 + modulus(h.h0));
  }
  sums.value = sum(value);
  sums.amplitude = sum(amplitude);
  sums.grid = sum(of_grid);
  sums.cut = sum(of_cut);
  sums.step_spread = sum(of_step);
}

void sum_dictionary_by_count(const DictionaryRow& row, const Contour& contour, Index nodes,
                             std::vector<Complex>& buffer, std::vector<double>& sums) {
  const std::size_t size = sums.size();
  std::ranges::fill(sums, 0.0);
  buffer.resize(size);
  Complex* const e = buffer.data();
  const double none_rare = std::exp(row.log_none_rare);
  const auto orders = static_cast<std::size_t>(row.grid.orders);
  FactorWalk walk(row, contour);
  Complex powers[most_orders];
  for (Index first = 0; first < nodes; first += lane_count) {
    const Nodes s = nodes_at(contour, first);
    power_sums(row, s, powers);
    // Newton: l e_l = Σ_n (−1)^{n−1} P_n e_{l−n}.
    e[0] = real(none_rare);
    for (std::size_t l = 1; l < size; ++l) {
      Complex x = real(0.0);
      for (std::size_t n = std::min(l, orders); n > 0; --n) x = powers[n - 1] * e[l - n] - x;
      e[l] = (1.0 / static_cast<double>(l)) * x;
    }
    for (std::size_t f = 0; f < row.frequent.size(); ++f) {
      const double p = row.density[f];
      const Complex x = p * walk.of_frequent(f, s);
      for (std::size_t l = size; l-- > 1;) e[l] = add_product((1.0 - p) * e[l], x, e[l - 1]);
      e[0] = (1.0 - p) * e[0];
    }
    e[0] = real(0.0);  // in closed form
    const Moments h = walk.own(s, first);
    const OutputKernels kernels = output_kernels(row, walk, s);
    const Complex plain = kernels.plain + (row.jump * row.jump) * kernels.step;
    const Complex own = kernels.own - (2.0 * row.jump) * kernels.step;
    const Complex idle = (1.0 - row.p) * plain, active = row.p * (plain * h.h0 + own * h.h1);
    const Lanes weights = node_weights(first);
    for (std::size_t l = 1; l < size; ++l) {
      Lanes f = real_product(active, e[l - 1]);
      if (static_cast<Index>(l) >= row.fewest) f = f + real_product(idle, e[l]);
      sums[l] += sum(weights * f);
    }
  }
}

void add_entries(const double* g, const double* p, const double* variance, Index count,
                 double share, EntrySums& sums, std::vector<Index>& large) {
  large.clear();
  Lanes mean = broadcast(0.0), total = mean, farthest = mean;
  Index j = 0;
  for (; j + lane_count <= count; j += lane_count) {
    const Lanes x = load(g + j), part = load(variance + j) * x * x;
    mean = mean + load(p + j) * x;
    total = total + part;
    farthest = larger(farthest, larger(x, -x));
    // Sums of parts that are not negative: none is larger than their sum.
    if (sum(part) > share) large.push_back(j);
  }
  sums.mean += sum(mean);
  sums.variance += sum(total);
  for (int lane = 0; lane < lane_count; ++lane) {
    sums.farthest = std::max(sums.farthest, farthest[lane]);
  }
  if (j < count) large.push_back(j);
  for (; j < count; ++j) {
    sums.mean += p[j] * g[j];
    sums.variance += variance[j] * g[j] * g[j];
    sums.farthest = std::max(sums.farthest, std::abs(g[j]));
  }
}

// Of a rare one log(1 − p) + r h at the end of its cell where h is larger.
void bound_moments(const DictionaryRow& row, DictionaryMoments& moments) {
  double theta[lane_count];
  for (int r = 0; r < lane_count; ++r) theta[r] = moments.theta(r);
  const double reach = row.grid.spacing * static_cast<double>(std::max(row.low, row.high));
  double largest = std::max(reach, std::abs(row.own));
  for (const double g : row.frequent) largest = std::max(largest, std::abs(g));
  for (const bool up : {true, false}) {
    const Lanes t = up ? load(theta) : -load(theta);
    Lanes log = broadcast(row.log_none_rare);
    for (std::size_t k = 0; k < row.cell.size(); ++k) {
      const auto edge = static_cast<double>(row.cell[k] + (up ? 1 : 0));
      log = log + row.mass[k] * transform(t, row.grid.spacing * edge);
    }
    Lanes product = broadcast(1.0), exponents = broadcast(0.0);
    const auto multiply = [&](double g, double p) {
      product = product * ((1.0 - p) + p * transform(t, g));
      take_exponents(product, exponents);
    };
    for (std::size_t f = 0; f < row.frequent.size(); ++f) multiply(row.frequent[f], row.density[f]);
    constexpr double seldom = 1e-3;  // recall is asked for, also of what is never active
    multiply(row.own, row.p > 0.0 ? row.p : seldom);
    double* const result = up ? moments.up : moments.down;
    for (int r = 0; r < lane_count; ++r) {
      constexpr double clamp = 690.0;  // exponentials are right up to there
      const bool right = theta[r] * largest < clamp;
      result[r] =
          right ? log[r] + std::log(product[r]) + std::numbers::ln2 * exponents[r] : INFINITY;
    }
  }
}

double truncation_of_dictionary(const DictionaryRow& row, const Contour& contour, Index nodes) {
  // Lanes: [n 2^{m/2}, n 2^{(m+1)/2}), the last one open.
  const double spacing = contour.spacing(), abscissa = contour.abscissa();
  Lanes inverse_omega = broadcast(0.0), squares = inverse_omega, cubes = inverse_omega;
  double begin = static_cast<double>(nodes);
  for (int m = 0; m < lane_count; ++m) {
    const double end = std::ceil(static_cast<double>(nodes) * std::exp2(0.5 * (m + 1)));
    const double from = 1.0 / (begin - 0.5), to = m + 1 == lane_count ? 0.0 : 1.0 / (end - 0.5);
    set(inverse_omega, m, 1.0 / (spacing * begin));
    set(squares, m, (from - to) / (spacing * spacing));
    set(cubes, m, 0.5 * (from * from - to * to) / (spacing * spacing * spacing));
    begin = end;
  }
  // |h(s x)| for all x in [at, at + width].
  const auto majorant = [&](double at, double width) {
    const double end = at + width, growth = std::expm1(abscissa * end);
    const double still = end == 0.0 ? 1.0 : growth / (abscissa * end);
    const double nearest = at > 0.0 ? at : end < 0.0 ? -end : 0.0;
    if (nearest == 0.0) return broadcast(still);
    return smaller(broadcast(still), ((growth + 2.0) / nearest) * inverse_omega);
  };
  Lanes log = broadcast(0.0);
  for (std::size_t k = 0; k < row.cell.size(); ++k) {
    const double at = row.grid.spacing * static_cast<double>(row.cell[k]);
    log = log + row.mass[k] * majorant(at, row.grid.spacing);
  }
  Lanes one = broadcast(0.0), rest = one;
  double none = 1.0;
  for (std::size_t f = 0; f < row.frequent.size(); ++f) {
    const double p = row.density[f], a = 1.0 - p;
    const Lanes x = p * majorant(row.frequent[f], 0.0);
    rest = a * rest + x * (rest + one);
    one = a * one + none * x;
    none *= a;
  }
  // At least one rare feature, and at least two: e^x − 1 − x ≤ x² e^x/2; times Π (1 − p).
  const double none_rare = std::exp(row.log_none_rare);
  const Lanes all = exponential(log + row.log_none_rare);
  const Lanes rare_some = row.log_none_rare > rarely ? none_rare * exp_minus_1(log) : all;
  const Lanes rare_pair = smaller(rare_some, 0.5 * log * log * all);
  const Lanes frequent = one + rest;
  const Lanes some = (frequent + none) * rare_some + none_rare * frequent;
  const Lanes pairs = (frequent + none) * rare_pair + none_rare * (log * frequent + rest);
  const Lanes fewest = row.fewest == 2 ? pairs : some;
  const Lanes h = majorant(row.own, 0.0);
  const double growth = std::exp(abscissa * row.own);
  const Lanes h1 =
      row.own == 0.0 ? h : smaller(h, ((growth + h) / std::abs(row.own)) * inverse_omega);
  const Lanes plain = (1.0 - row.p) * fewest + row.p * (h * some), own = row.p * (h1 * some);
  const Lanes total = 2.0 * (cubes * plain + squares * (row.jump * plain + own));
  return std::exp(-abscissa * row.c) * sum(total);
}

}  // namespace skeleta::exact
