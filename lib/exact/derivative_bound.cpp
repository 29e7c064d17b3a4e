#include "exact/derivative_bound.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "exact/contour.h"
#include "exact/majorant.h"
#include "exact/phases.h"
#include "exact/root_of_squares.h"

namespace skeleta::exact {
namespace {

// One stretch of nodes in each lane: |s| ≥ Ω there, and Σ |s|⁻¹, Σ |s|⁻². `open`: Σ |s|⁻² of the
// stretch that has no end, where the first sum would diverge. Every term is taken `weight` times,
// and with `divided` also as often as the divided forms of h', h'' magnify a rounding.
struct Stretches {
  Lanes inverse_omega, inverses, squares, open, weight;
  bool divided;

  SKELETA_INLINE Lanes magnified(double g, double least, double factor, int power) const {
    if (!divided) return broadcast(0.0);
    const Lanes loss = smaller(inverse_omega * (1.0 / std::abs(g)), broadcast(1.0 / least));
    return factor * (power == 1 ? loss : loss * loss);
  }
};

// Below these |s g| the kernel uses series: |s g| ≤ .02 in a sweep of 16 nodes, ≤ ½ in a block of
// 32; the smallest |s g| next to the largest of the first 16 or 32 nodes, κ/(κ + 2π·16) or so.
constexpr double least_of_entry = 0.02 / 35.0, least_of_own = 0.5 / 69.0;
constexpr double of_series = 128.0;  // its remainder of 1e-14 relative to 1/2, in ε

// Σ_{k=a}^{b−1} k⁻¹ ≤ ∫_{a−½}^{b−½} dk/k, and likewise of k⁻².
double inverses(double a, double b) {
  return std::log((b - 0.5) / (a - 0.5));
}
double squares(double a, double b) {
  return 1.0 / (a - 0.5) - 1.0 / (b - 0.5);
}

double norm(const Row& row, const Output& output, const Stretches& on,
            DerivativeWorkspace& workspace) {
  auto& [factors, prefix, none_before] = workspace;
  const double abscissa = Contour{output.period}.abscissa();
  const auto majorant_of = [&](double g) {
    return majorant(g, std::expm1(abscissa * g), abscissa, on.inverse_omega);
  };
  const Lanes zero = broadcast(0.0);
  Lanes one = zero, rest = zero;
  double none = 1.0;
  for (Index n = 0; n < row.count; ++n) {
    const auto at = static_cast<std::size_t>(n);
    factors[at] = majorant_of(row.g[at]);
    prefix[at] = rest + one;
    none_before[at] = none;
    const Lanes x = row.w[at] * factors[at].h;
    rest = row.a[at] * rest + x * (rest + one);
    one = row.a[at] * one + none * x;
    none *= row.a[at];
  }

  const auto own = static_cast<std::size_t>(row.count);
  const double g = row.g[own], w = row.w[own], a = row.a[own], scale = output.scale;
  const Majorant h = majorant_of(g);
  const Lanes h1 = majorant_of_x(h, g, on.inverse_omega);
  const Lanes h2 = majorant_of_xx(h, h1, g, on.inverse_omega);
  const Lanes x = w * h.h, x1 = w * h1, x2 = w * h2;
  // |s h'| and |s h''|, for the open stretch
  const Lanes x1_open = (w / std::abs(g)) * (h.exponential + h.h);
  const Lanes x2_open = (w / std::abs(g)) * (h.exponential + 2.0 * h1);
  const Lanes once = on.weight + on.magnified(g, least_of_own, 8.0, 1);
  const Lanes twice = once + on.magnified(g, least_of_own, 16.0, 2);
  const Lanes ramp = scale * on.squares;
  const Lanes all = a * rest + x * (rest + one);
  const double of_b =
      sum(once * (on.inverses * x1 + on.open * x1_open) * rest + on.weight * (ramp * all));
  const double of_own =
      sum(twice * (on.inverses * x2 + on.open * x2_open) * rest + once * (ramp * (x1 * rest)));

  double idle = 1.0;
  for (const double p : row.idle) idle += 0.25 * p * p;
  RootOfSquares entries;
  entries.add(of_own);
  entries.add(of_b * std::sqrt(idle));
  Lanes suffix = zero;
  double after = 1.0;
  for (Index n = row.count; n-- > 0;) {
    const auto at = static_cast<std::size_t>(n);
    const double g_n = row.g[at], w_n = row.w[at], before = none_before[at];
    const Majorant& h_n = factors[at];
    const Lanes with_x = w_n * majorant_of_x(h_n, g_n, on.inverse_omega);
    const Lanes with_x_open = (w_n / std::abs(g_n)) * (h_n.exponential + h_n.h);
    const Lanes others = after * prefix[at] + before * suffix + prefix[at] * suffix;
    const Lanes steps =
        on.inverses * (x1 * with_x) + on.open * smaller(x1_open * with_x, x1 * with_x_open);
    const Lanes ramps = ramp * with_x * ((a + x) * others + (before * after) * x);
    const Lanes entry = on.weight + on.magnified(g_n, least_of_entry, 8.0, 1) +
                        broadcast(on.divided ? of_series : 0.0);
    const double of_n = sum((entry + once - on.weight) * (steps * others) + entry * ramps);
    entries.add(of_n);
    suffix = row.a[at] * suffix + (w_n * h_n.h) * (suffix + after);
    after *= row.a[at];
  }
  return std::exp(-abscissa * output.c) * entries.value();
}

}  // namespace

void DerivativeWorkspace::resize(Index features) {
  const auto size = static_cast<std::size_t>(features + 1);
  factors.resize(size);
  prefix.resize(size);
  none_before.resize(size);
}

// The nodes beyond n in stretches that grow, the last one without end.
double derivative_truncation(const Row& row, const Output& output, Index nodes,
                             DerivativeWorkspace& workspace) {
  constexpr std::array<double, lane_count> exponents{0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0};
  const double spacing = Contour{output.period}.spacing();
  Stretches on;
  on.divided = false;
  on.weight = broadcast(1.0);
  for (std::size_t m = 0; m < exponents.size(); ++m) {
    const auto n = static_cast<double>(nodes);
    const bool last = m + 1 == exponents.size();
    const int lane = static_cast<int>(m);
    const double begin = std::ceil(n * std::exp2(exponents[m]));
    const double end = last ? INFINITY : std::ceil(n * std::exp2(exponents[m + 1]));
    set(on.inverse_omega, lane, 1.0 / (spacing * begin));
    set(on.inverses, lane, last ? 0.0 : inverses(begin, end) / spacing);
    set(on.squares, lane, squares(begin, end) / (spacing * spacing));
    set(on.open, lane, last ? on.squares[lane] : 0.0);
  }
  return norm(row, output, on, workspace);
}

// Node 0 with its weight ½, then stretches up to n.
double derivative_rounding(const Row& row, const Output& output, Index nodes,
                           DerivativeWorkspace& workspace) {
  constexpr std::array<double, lane_count> begins{0, 1, 2, 6, 24, 128, 1024, 16384};
  const Contour contour{output.period};
  const double spacing = contour.spacing(), abscissa = contour.abscissa();
  const auto n = static_cast<double>(nodes), factors = static_cast<double>(output.count + 4);
  Stretches on;
  on.divided = true;
  for (std::size_t m = 0; m < begins.size(); ++m) {
    const int lane = static_cast<int>(m);
    const double begin = begins[m], end = std::min(m + 1 < begins.size() ? begins[m + 1] : n, n);
    const double omega = std::max(abscissa, spacing * begin), top = abscissa + spacing * end;
    const double operations = 16.0 + 0.5 * std::min(end, static_cast<double>(restart)) + top;
    set(on.inverse_omega, lane, 1.0 / omega);
    set(on.inverses, lane,
        m == 0        ? 0.5 / omega
        : end > begin ? inverses(begin, end) / spacing
                      : 0.0);
    set(on.squares, lane,
        m == 0        ? 0.5 / (omega * omega)
        : end > begin ? squares(begin, end) / (spacing * spacing)
                      : 0.0);
    set(on.open, lane, 0.0);
    set(on.weight, lane, factors * operations + top * std::abs(output.c) + n / 16.0);
  }
  return norm(row, output, on, workspace);
}

}  // namespace skeleta::exact
