#include "exact/dictionary_output.h"

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <limits>
#include <numbers>
#include <tuple>

#include "exact/closed_forms.h"
#include "exact/loops.h"
#include "exact/perturbation.h"
#include "measure/series.h"

namespace skeleta::exact {
namespace {

constexpr double tail_caution = 6.0;  // of estimated tails, as in adaptive_loss.cpp

// Moments of z' on some supports of the others, and with them of z = z' + g x_i, x_i active or not.
struct ZMoments {
  double z0, z1, z2;          // E zⁿ
  double x0 = 0.0, x1 = 0.0;  // E x_i zⁿ

  static ZMoments idle(double m0, double m1, double m2) { return {m0, m1, m2}; }
  static ZMoments active(double m0, double m1, double m2, double g) {
    return {m0, m1 + 0.5 * g * m0, m2 + g * m1 + g * g / 3.0 * m0, 0.5 * m0,
            0.5 * m1 + g / 3.0 * m0};
  }
};

// E[y² − 2x_i y] where all of z is above the threshold: y = z + t.
double whole_above(const ZMoments& m, double t) {
  return m.z2 + 2.0 * t * m.z1 + t * t * m.z0 - 2.0 * (m.x1 + t * m.x0);
}

double left_aliases(const ZMoments& m, const LeftAliases& aliases, double jump) {
  const double ramps = aliases.of_ramp(m.z0, m.z1), with_x = aliases.of_ramp(m.x0, m.x1);
  return aliases.of_square(m.z0, m.z1, m.z2) + jump * (2.0 * ramps + jump * aliases.of_step(m.z0)) -
         2.0 * (with_x + jump * aliases.of_step(m.x0));
}

// E[y² − 2x_i y]: given that no feature is active; x_i alone is; a single other one (unnormalised).
double loss_when_idle(double c, double jump) {
  const double y = c < 0.0 ? jump - c : 0.0;
  return y * y;
}
double loss_when_alone(double g, double c, double jump) {
  return phi(g, c) + jump * (2.0 * phi1(g, c) + jump * above(g, c)) -
         2.0 * (psi(g, c) + jump * above_t(g, c));
}
double loss_of_single(const DictionaryRow::Single& single, double jump) {
  return single.squares + jump * (2.0 * single.ramps + jump * single.steps);
}

struct AliasLimits {
  double square, step;  // of aliases
};

// As choose_period of output.cpp: Chernoff with (y + θ_J 1)² ≤ …, 2x(y + θ_J 1) ≤ … .
OutputResult choose_contour(const DictionaryRow& row, const DictionaryMoments& moments,
                            const AliasLimits& tolerance) {
  const double c = row.c, jump = row.jump;
  double log_up = INFINITY, log_down = INFINITY, right = INFINITY, left = INFINITY;
  for (int r = 0; r < lane_count; ++r) {
    const double theta = moments.theta(r), y = 2.0 / (std::numbers::e * theta);
    const double square = y * y + y + jump * (y + 2.0 + jump);
    const double log_excess = std::max(std::log(square) - std::log(0.5 * tolerance.square),
                                       -std::log(0.5 * tolerance.step));
    const double up = log_excess + moments.up[r] - theta * c;
    const double down = log_excess + moments.down[r] + theta * c;
    const auto softplus = [](double x) { return x > 36.0 ? x : std::log1p(std::exp(x)); };
    log_up = std::min(log_up, up);
    log_down = std::min(log_down, down);
    right = std::min(right, (kappa + softplus(up)) / theta);
    left = std::min(left, (softplus(down) - kappa) / theta);
  }
  OutputResult result;
  if (log_up <= 0.0 || log_down <= 0.0) {
    result.above = log_up > 0.0;
    return result;
  }
  result.contour = true;
  result.period = std::max(right, left);
  result.aliases = std::max(std::sqrt(tolerance.square * tolerance.step), tolerance.step);
  return result;
}

Index nodes_for(const DictionaryRow& row, const Contour& contour, double tolerance, Index most,
                double& bound) {
  const double unit = 2.0 / contour.period;
  Index nodes = 2 * nodes_per_block;  // what estimated tails need
  while (true) {
    bound = unit * loops().dictionary_truncation(row, contour, nodes);
    if (bound <= tolerance || nodes + nodes_per_block > most) return nodes;
    const double factor = std::clamp(std::pow(bound / tolerance, 0.25), 1.05, 4.0);
    const auto blocks = static_cast<Index>(factor * static_cast<double>(nodes / nodes_per_block));
    nodes = std::min(std::max(blocks * nodes_per_block, nodes + nodes_per_block),
                     most / nodes_per_block * nodes_per_block);
  }
}

double estimated_tail(const std::vector<NodeSum>& blocks) {
  NodeTotal total;
  total.add(blocks);
  return total.estimated_tail(tail_caution);
}

// Of an output that may never be active, for all that is known, nothing.
void set_precision(double p, FeatureFigures& out) {
  const double seen = out.false_activation + p * out.recall;
  out.precision =
      seen > out.detection_error ? p * out.recall / seen : std::numeric_limits<double>::quiet_NaN();
}

// 4ε a step of the grid's recursion, weighted by what the points there contribute to Λ.
double rounding_of_log(const DictionaryRow& row) {
  double sum = 1.0 + static_cast<double>(row.frequent.size());
  for (std::size_t k = 0; k < row.cell.size(); ++k) {
    sum += row.mass[k] * (8.0 + std::abs(static_cast<double>(row.cell[k])));
  }
  return 8.0 * epsilon * sum;
}

// For a tolerance of the loss.
OutputResult evaluate_to(const DictionaryRow& row, const InterferenceMoments& moments,
                         const DictionaryMoments& bounds, const OutputDemand& demand,
                         double tolerance) {
  const double g = row.own, p = row.p, c = row.c, jump = row.jump, none = row.none;
  const double some = row.some;
  const DictionaryRow::Single& single = row.single;
  const ZMoments idle = ZMoments::idle(some - single.probability, moments.first - single.first,
                                       moments.second - single.second);
  const ZMoments active = ZMoments::active(some, moments.first, moments.second, g);
  const double step_tolerance = demand.relative_target * std::max(1e-3 * p, 1e-12);
  OutputResult result;  // no contour: no other is ever active
  if (some > 0.0) result = choose_contour(row, bounds, {0.1 * tolerance, step_tolerance});
  FeatureFigures& out = result.figures;
  const double closed =
      (1.0 - p) * (none * loss_when_idle(c, jump) + loss_of_single(single, jump)) +
      p * (none * loss_when_alone(g, c, jump) + 1.0 / 3.0);
  double rest = 0.0, alarm = 0.0, hit = 0.0;
  if (result.above) {
    rest = (1.0 - p) * whole_above(idle, jump - c) + p * whole_above(active, jump - c);
    alarm = idle.z0;
    hit = some;
  }
  out.error_bound = 0.1 * tolerance;
  out.detection_error = step_tolerance;
  double magnitude = closed + std::abs(rest);
  if (result.contour) {
    const Contour contour{result.period};
    double truncation = 0.0;
    out.nodes = nodes_for(row, contour, 0.25 * tolerance, demand.maximum_nodes, truncation);
    const double unit = 2.0 / result.period;
    DictionarySums sums;
    double of_steps = 0.0, of_jump = 0.0;
    // More nodes than the bound asks for if the estimated tails do: of a jump as many as it takes,
    // of the detection up to eight times as many.
    for (const Index enough = 8 * out.nodes;; out.nodes *= 2) {
      loops().dictionary(row, contour, out.nodes, sums);
      of_steps = unit * estimated_tail(sums.steps);
      of_jump = jump > 0.0 ? unit * estimated_tail(sums.jumps) : 0.0;
      const double seen = std::max({unit * std::abs(sums.false_alarm), 0.1 * p, 1e-4});
      const bool few = of_jump > 0.25 * tolerance ||
                       (of_steps > 10.0 * demand.relative_target * seen && out.nodes < enough);
      if (!few || 2 * out.nodes > demand.maximum_nodes) break;
    }
    const LeftAliases aliases{.period = result.period, .c = c};
    const double added =
        (1.0 - p) * left_aliases(idle, aliases, jump) + p * left_aliases(active, aliases, jump);
    rest = unit * sums.value - added;
    alarm = unit * sums.false_alarm - aliases.of_step(idle.z0);
    hit = unit * sums.hit - aliases.of_step(some);
    const double rounding = rounding_of_log(row);
    magnitude += std::abs(added);
    out.error_bound += truncation + unit * (sums.grid + sums.cut + rounding * sums.amplitude);
    out.error_bound += of_jump;
    out.detection_error += of_steps + unit * sums.step_spread + rounding;
    result.excess = unit * sums.grid / (0.25 * tolerance);
  }
  out.loss = std::max(closed + rest, 0.0);
  const double size = demand.perturbation;
  out.error_bound += 2.0 * std::sqrt(out.loss) * size + size * size + 32.0 * epsilon * magnitude;
  out.interference_mean = moments.first;
  out.interference_variance = std::max(moments.second - moments.first * moments.first, 0.0);
  const auto probability = [](double x) { return std::clamp(x, 0.0, 1.0); };
  out.false_activation = (1.0 - p) * probability((c < 0.0 ? none : 0.0) + single.steps + alarm);
  out.recall = probability(none * above(g, c) + hit);
  set_precision(p, out);
  return result;
}

}  // namespace

void DictionaryRow::Single::add(const double* g, const double* weight, Index count, double c) {
  double p = 0.0, square = 0.0, ramp = 0.0, step = 0.0, mean = 0.0, second_moment = 0.0;
#pragma omp simd reduction(+ : p, square, ramp, step, mean, second_moment)
  for (Index j = 0; j < count; ++j) {
    const double w = weight[j];
    p += w;
    square += w * phi(g[j], c);
    ramp += w * phi1(g[j], c);
    step += w * above(g[j], c);
    mean += w * g[j];
    second_moment += w * g[j] * g[j];
  }
  probability += p;
  squares += square;
  ramps += ramp;
  steps += step;
  first += 0.5 * mean;
  second += second_moment / 3.0;
}

void DictionaryRow::Single::scale(double x) {
  for (double* sum : {&probability, &squares, &ramps, &steps, &first, &second}) *sum *= x;
}

void DictionaryRow::finish() {
  const Index origin = grid.origin();
  cell.clear();
  mass.clear();
  for (Index k = 0; k < grid.size(); ++k) {
    const double here = grid.mass[static_cast<std::size_t>(k)];
    if (!(here > 0.0)) continue;
    cell.push_back(k - origin);
    mass.push_back(here);
  }
  constexpr Index beyond = spread_taps / 2;
  low = cell.empty() ? 0 : std::max<Index>(beyond - 1 - cell.front(), 0);
  high = cell.empty() ? 0 : std::max<Index>(cell.back() + beyond, 0);
  const Index stride = low + high;
  scaled.resize(static_cast<std::size_t>(grid.orders * stride));
  const auto scale = [&](Index m, Index to) {
    const double inverse = 1.0 / (grid.spacing * static_cast<double>(m));
    double power = 1.0;
    for (int n = 1; n <= grid.orders; ++n, to += stride) {
      power *= inverse;
      scaled[static_cast<std::size_t>(to)] = power * grid.order(n)[origin + m];
    }
  };
  for (Index m = 1; m <= high; ++m) scale(m, m - 1);
  for (Index m = 1; m <= low; ++m) scale(-m, high + m - 1);
  const double none_rare = std::exp(log_none_rare);
  none = none_rare * none_frequent;
  double log_none = log_none_rare;
  for (const double p : density) log_none += std::log1p(-p);
  some = -std::expm1(log_none);
  if (fewest == 1) return;
  single.scale(none);
  // Of frequent ones by products of those before and after: densities of 1 allow no division.
  std::vector<double> alone(density);
  double before = none_rare, after = 1.0;
  for (std::size_t f = 0; f < density.size(); ++f) {
    alone[f] *= before;
    before *= 1.0 - density[f];
  }
  for (std::size_t f = density.size(); f-- > 0;) {
    alone[f] *= after;
    after *= 1.0 - density[f];
  }
  single.add(frequent.data(), alone.data(), static_cast<Index>(density.size()), c);
}

// The error of an output that reads no other feature, where x_i is active.
double error_when_alone(double g, double c, double jump) {
  return jump > 0.0 ? loss_when_alone(g, c, jump) + 1.0 / 3.0 : own_error(g, c);
}
FeatureFigures figures_when_alone(const DictionaryRow& row) {
  const double y = row.c < 0.0 ? row.jump - row.c : 0.0, p = row.p, g = row.own;
  FeatureFigures out;
  out.loss = (1.0 - p) * y * y + p * error_when_alone(g, row.c, row.jump);
  const double size = y + std::abs(g) + row.jump;
  out.error_bound = 8.0 * epsilon * (row.jump > 0.0 ? p + size * size : out.loss);
  out.recall = above(g, row.c);
  out.false_activation = row.c < 0.0 ? 1.0 - p : 0.0;
  set_precision(p, out);
  return out;
}

// What the loss would be if z' were normal, no more than three deviations below the threshold; it
// decides only how many attempts are made.
double usual_loss(const DictionaryRow& row, const InterferenceMoments& moments) {
  const double variance =
      std::max(moments.second - moments.first * moments.first, std::numeric_limits<double>::min());
  const double spread = std::sqrt(variance), above = moments.first - row.c;
  const double t = std::max(above / spread, -3.0), jump = row.jump;
  const double step = 0.5 * std::erfc(-t / std::numbers::sqrt2);
  const double density =
      std::exp(-0.5 * t * t) / (std::numbers::sqrt2 * std::sqrt(std::numbers::pi));
  const double ramp = t * step + density, square = (1.0 + t * t) * step + t * density;
  const double idle = variance * square + jump * (2.0 * spread * ramp + jump * step);
  const double lost = 1.0 - row.own;
  const double active = lost * lost / 3.0 - lost * above + variance + above * above;
  return (1.0 - row.p) * idle + row.p * std::min(active, 1.0 / 3.0);
}

// To what is probably allowed; then relative to the loss that this gives.
OutputResult evaluate_output(const DictionaryRow& row, const InterferenceMoments& moments,
                             const OutputDemand& demand) {
  const double largest = std::max(row.farthest, std::abs(row.own));
  const double variance = moments.second - moments.first * moments.first;
  const double shift = std::min(row.c, 0.0);  // (z − c)₊ ≤ (z − shift)₊
  const double second = moments.second + row.own * row.own * row.p + shift * shift;
  const double most = row.p / 3.0 + 4.0 * second + row.jump * row.jump;
  const double floor =
      std::max(1e-6 * (row.p > 0.0 ? row.p / 3.0 : most), std::numeric_limits<double>::min());
  const auto meets = [&](const FeatureFigures& out) {
    return out.error_bound <= demand.relative_target * std::max(out.loss, floor);
  };
  if (row.farthest == 0.0) {
    OutputResult result;
    result.alone = true;
    FeatureFigures& out = result.figures = figures_when_alone(row);
    const double size = demand.perturbation;
    out.error_bound += 2.0 * std::sqrt(out.loss) * size + size * size;
    out.met_target = meets(out);
    return result;
  }
  DictionaryMoments bounds;
  bounds.first = 2.0 / std::max(std::sqrt(std::max(variance, 0.0)), largest);
  loops().dictionary_moments(row, bounds);
  OutputResult result;
  const double usual = std::clamp(0.5 * usual_loss(row, moments), floor, std::max(most, floor));
  double tolerance = 0.9 * demand.relative_target * usual;
  constexpr int rounds = 12;
  for (int round = 0; round < rounds; ++round) {
    result = evaluate_to(row, moments, bounds, demand, tolerance);
    FeatureFigures& out = result.figures;
    out.met_target = meets(out);
    if (out.met_target || result.excess > 1.0) break;
    // At least so much is the loss; or it is far below what this tolerance can tell.
    const double least = std::max({out.loss - out.error_bound, 1e-3 * out.error_bound, floor});
    const double next = 0.9 * demand.relative_target * least;
    if (next >= tolerance) break;  // something else than the tolerance is in the way
    tolerance = next;
  }
  return result;
}

// The lowest minima among some thresholds, each by Brent's method between its neighbours. Among
// them are equally spaced ones, that of a constant output, E x_i, and some far up: one of these is
// best where nothing can be read. A jump makes more minima than a ramp does.
void fit_threshold(DictionaryRow& row, const InterferenceMoments& moments,
                   const OutputDemand& demand) {
  OutputDemand rough = demand;
  rough.relative_target = std::max(demand.relative_target, 1e-4);
  const auto loss = [&](double c) {
    row.c = c;
    return evaluate_output(row, moments, rough).figures.loss;
  };
  const double mean = moments.first, constant = mean - 0.5 * row.p;
  const double spread = std::sqrt(std::max(moments.second - mean * mean, 0.0));
  const double low = std::min(constant, 0.0) - spread - 0.5 * row.p;
  const double high = std::max(row.own, 0.0) + std::max(mean, 0.0) + 4.0 * spread + 0.5 * row.p;
  if (!(high > low)) return;
  const int steps = row.jump > 0.0 ? 64 : 16;
  std::vector<double> points{constant, 0.0};  // at 0 what is silent becomes active, at once
  for (int k = 0; k <= steps; ++k) points.push_back(low + (high - low) / steps * k);
  for (const double far : {2.0, 4.0, 8.0, 16.0}) points.push_back(high + far * spread);
  std::ranges::sort(points);
  const double apart = 1e-6 * (high - low);  // neighbours are to enclose a minimum
  const auto close = [&](double a, double b) { return b - a <= apart; };
  points.erase(std::unique(points.begin(), points.end(), close), points.end());
  std::vector<double> losses;
  for (const double c : points) losses.push_back(loss(c));
  const std::size_t last = points.size() - 1;
  std::vector<std::size_t> lowest;  // local minima
  for (std::size_t k = 0; k <= last; ++k) {
    const bool left = k == 0 || losses[k] < losses[k - 1];
    const bool right = k == last || losses[k] <= losses[k + 1];
    if (left && right) lowest.push_back(k);
  }
  std::ranges::sort(lowest, {}, [&](std::size_t k) { return losses[k]; });
  if (lowest.empty()) return;  // not a number
  constexpr std::size_t tried = 3;
  lowest.resize(std::min(lowest.size(), tried));
  double best = points[lowest.front()], least = losses[lowest.front()];
  for (const std::size_t k : lowest) {
    constexpr int bits = 10;  // of c between the neighbours
    std::uintmax_t most = 30;
    const auto found = boost::math::tools::brent_find_minima(
        loss, points[k - std::min<std::size_t>(k, 1)], points[std::min(k + 1, last)], bits, most);
    if (found.second < least) std::tie(best, least) = found;
  }
  row.c = best;
}

void split_output(const DictionaryRow& row, const OutputResult& result,
                  std::vector<Complex>& buffer, std::vector<double>& parts) {
  const double g = row.own, p = row.p, c = row.c, jump = row.jump;
  const std::size_t size = parts.size();
  // E[e^{sz'}; l others] to s², as in sum_dictionary_by_count.
  using Jet = Series<double, 3>;
  std::vector<Jet> powers;
  for (int n = 1; n <= row.grid.orders; ++n) {
    const double* w = row.grid.order(n) + row.grid.origin();
    double m0 = 0.0, m1 = 0.0, m2 = 0.0;
    for (Index m = -row.low; m <= row.high; ++m) {
      const double x = row.grid.spacing * static_cast<double>(m);
      m0 += w[m];
      m1 += w[m] * x;
      m2 += w[m] * x * x;
    }
    powers.push_back(Jet(std::array{m0, 0.5 * n * m1, (n / 6.0 + n * (n - 1) / 8.0) * m2}));
  }
  std::vector<Jet> e(size);
  e[0] = Jet(std::exp(row.log_none_rare));
  for (std::size_t l = 1; l < size; ++l) {
    Jet x;
    for (std::size_t n = std::min(l, powers.size()); n > 0; --n) {
      x = powers[n - 1] * e[l - n] + -1.0 * x;
    }
    e[l] = (1.0 / static_cast<double>(l)) * x;
  }
  for (std::size_t f = 0; f < row.frequent.size(); ++f) {
    const double q = row.density[f], x = row.frequent[f];
    const Jet active(std::array{q, 0.5 * q * x, q * x * x / 6.0});
    for (std::size_t l = size; l-- > 1;) e[l] = (1.0 - q) * e[l] + active * e[l - 1];
    e[0] = (1.0 - q) * e[0];
  }
  std::vector<double> sums(size);
  const LeftAliases aliases{.period = result.period, .c = c};
  const double unit = result.contour ? 2.0 / result.period : 0.0;
  if (result.contour) {
    loops().dictionary_by_count(row, Contour{result.period}, result.figures.nodes, buffer, sums);
  }
  const auto of_rest = [&](const ZMoments& m) {
    return result.contour ? -left_aliases(m, aliases, jump)
           : result.above ? whole_above(m, jump - c)
                          : 0.0;
  };
  const double alone = result.alone ? error_when_alone(g, c, jump) : 0.0;
  for (std::size_t l = 0; l < size; ++l) {
    // x_i is not active, and l others are; it is, and l − 1 are.
    double idle = 0.0, active = 0.0;
    if (result.alone) {
      parts[l] = (1.0 - p) * loss_when_idle(c, jump) * e[l].c[0];
      if (l > 0) parts[l] += p * alone * e[l - 1].c[0];
      continue;
    }
    if (l == 0) {
      idle = row.none * loss_when_idle(c, jump);
    } else if (l == 1 && row.fewest == 2) {
      idle = loss_of_single(row.single, jump);
    } else {
      idle = of_rest(ZMoments::idle(e[l].c[0], e[l].c[1], 2.0 * e[l].c[2]));
    }
    if (l > 0) active = e[l - 1].c[0] / 3.0;
    if (l == 1) active += row.none * loss_when_alone(g, c, jump);
    if (l > 1) {
      active += of_rest(ZMoments::active(e[l - 1].c[0], e[l - 1].c[1], 2.0 * e[l - 1].c[2], g));
    }
    parts[l] = (1.0 - p) * idle + p * active + unit * sums[l];
  }
}

}  // namespace skeleta::exact
