#include "exact/law_output.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "exact/loops.h"
#include "exact/perturbation.h"
#include "measure/activity_sweep.h"

namespace skeleta::exact {
namespace {

constexpr double unbounded = 1e200;  // times a bound that is practically 0 it is, too
constexpr double largest_exponent = 600.0;
constexpr Index fewest_nodes = 32;

// Σ |s_k|^{−q} over a stretch of nodes, q = 3, 2, 1, 0, −1.
struct Powers {
  double cubes, squares, inverses, ones, sizes;
};

// Nodes [first, last), first ≥ 1, s_k = γ + iδk: |s_k| ≥ δk, integrals by the midpoint rule for
// convex functions.
Powers powers_of_stretch(const Contour& contour, double first, double last) {
  const double spacing = contour.spacing(), from = first - 0.5, to = last - 0.5;
  const double a = 1.0 / (spacing * from), b = 1.0 / (spacing * to);
  return {0.5 * (a * a - b * b) / spacing, (a - b) / spacing, std::log(to / from) / spacing,
          last - first, (last - first) * (spacing * last + contour.abscissa())};
}

// Nodes from `first` on, of terms that fall like their powers and k^{−decay} besides.
Powers powers_of_rest(const Contour& contour, double first, double decay) {
  const double spacing = contour.spacing(), a = 1.0 / (spacing * (first - 0.5));
  const auto ratio = [](double exponent) { return exponent > 0.5 ? 1.0 / exponent : unbounded; };
  return {0.5 * a * a / spacing, a / spacing, ratio(decay) / spacing, first * ratio(decay - 1.0),
          first * first * spacing * ratio(decay - 2.0)};
}

// All nodes below `count`, k = 0 counted half.
Powers powers_of_all(const Contour& contour, double count) {
  const double g = contour.abscissa(), spacing = contour.spacing();
  return {0.5 / (g * g * g) + 1.0 / (g * g * spacing),
          0.5 / (g * g) + 0.5 * std::numbers::pi / (g * spacing),
          0.5 / g + std::asinh(spacing * count / g) / spacing, count,
          count * (g + spacing * count)};
}

// Of Σ |integrands|, from bounds of the expectations and powers of |s|.
double value_of(const LawRow& row, const Powers& s, double plain, double own) {
  const double jump = row.jump;
  double sum = 2.0 * (s.cubes * plain + s.squares * own);
  if (jump > 0.0) {
    sum += jump * ((2.0 * s.squares + jump * s.inverses) * plain + 2.0 * s.inverses * own);
  }
  return sum;
}
double derivatives_of(const LawRow& row, const Powers& s, double plain, double own) {
  const double jump = row.jump;
  double sum = 2.0 * (s.squares * plain + s.inverses * own);
  if (jump > 0.0) {
    sum += jump * ((2.0 * s.inverses + jump * s.ones) * plain + 2.0 * s.ones * own);
  }
  return sum;
}
double noise_of(const LawRow& row, const Powers& s, double plain, double own) {
  if (row.variance == 0.0) return 0.0;
  const double jump = row.jump;
  double sum = s.inverses * plain + s.ones * own;
  if (jump > 0.0) {
    sum += jump * ((s.ones + 0.5 * jump * s.sizes) * plain + s.sizes * own);
  }
  return sum;
}

LawError bound_of(const LawRow& row, const Powers& s, const LawBounds& bounds, std::size_t lane,
                  bool derivatives) {
  const double plain = bounds.plain[lane], own = bounds.own[lane];
  LawError error{value_of(row, s, plain, own)};
  if (derivatives) {
    error.entries = derivatives_of(row, s, bounds.plain_norm[lane], bounds.own_norm[lane]);
    error.threshold = derivatives_of(row, s, plain, own);
    error.noise = noise_of(row, s, plain, own);
  }
  return error;
}

LawError operator*(double x, const LawError& error) {
  return {x * error.value, x * error.entries, x * error.threshold, x * error.noise};
}
LawError operator+(const LawError& a, const LawError& b) {
  return {a.value + b.value, a.entries + b.entries, a.threshold + b.threshold, a.noise + b.noise};
}
LawTolerance operator*(double x, const LawTolerance& tolerance) {
  return {x * tolerance.value, x * tolerance.derivatives, tolerance.unit};
}
bool within(const LawError& error, const LawTolerance& tolerance) {
  return error.value <= tolerance.value &&
         error.derivatives(tolerance.unit) <= tolerance.derivatives;
}

}  // namespace

LawOutput::LawOutput(const LawRow& row, const LawCircuit& circuit, bool derivatives)
    : row_(row),
      circuit_(circuit),
      derivatives_(derivatives),
      moving_(row.variance > 0.0 || row.g.cwiseAbs().maxCoeff() > 0.0) {
  set_moments();
  if (!(spread_ > 0.0) || !moving_) return;
  for (Index j = 0; j < row_.g.size(); ++j) {
    const ValueLaw& value = row_.value(j);
    if (value.kind() == ValueKind::half_normal) far_count_ += 1.0;
    if (row_.g(j) != 0.0) {
      reach_ += std::abs(row_.g(j)) * std::max(std::abs(value.least()), std::abs(value.most()));
    }
  }
  up_ = exponents(1.0);
  down_ = exponents(-1.0);
  right_ = chernoff(1.0);
  left_ = chernoff(-1.0);
}

// x^power φ of one feature, φ the Taylor coefficients of e^{sz}, marked as active.
Split<Series3> LawOutput::marked(Index j, int power) const {
  Split<Series3> result;
  double coefficient = 1.0;  // gᵏ/k!
  for (int k = 0; k < 3; ++k) {
    result.one.c[static_cast<std::size_t>(k)] = coefficient * row_.value(j).moment(power + k);
    coefficient *= row_.g(j) / (k + 1);
  }
  return result;
}

// On the supports in question.
Series3 LawOutput::on(const Split<Series3>& split) const {
  return row_.fewest == 2 ? split.rest : split.one + split.rest;
}

void LawOutput::set_moments() {
  ActivitySweep<Split<Series3>> sweep(row_.law->activity);
  const Series3 plain = on(sweep.up([&](Index j) { return marked(j, 0); }));
  const Series3 own = on(sweep.derivative(row_.own) * marked(row_.own, 1));
  moments_.plain[0] = plain.c[0];
  moments_.plain[1] = plain.c[1];
  moments_.plain[2] = 2.0 * plain.c[2] + row_.variance * plain.c[0];
  moments_.own[0] = own.c[0];
  moments_.own[1] = own.c[1];
  if (moments_.plain[0] > 0.0) {
    const double c = row_.c, *m = moments_.plain;
    // Not 0 where it is lost in rounding: z may be on both sides of a c that is that near.
    const double terms = m[2] + 2.0 * std::abs(c * m[1]) + c * c * m[0];
    const double square = m[2] - 2.0 * c * m[1] + c * c * m[0];
    spread_ = std::sqrt(std::max(square, moving_ ? 16.0 * epsilon * terms : 0.0) / m[0]);
  }
  if (derivatives_) set_moments_of_features();
}

void LawOutput::set_moments_of_features() {
  const auto with_own = [&](Index j, int power) {
    OwnSplit<Series3> result;
    result.c[0] = marked(j, power);
    if (j == row_.own) result.c[1] = marked(j, power + 1);
    return result;
  };
  ActivitySweep<OwnSplit<Series3>> sweep(row_.law->activity);
  sweep.up([&](Index j) { return with_own(j, 0); });
  for (Vector* x : {&moments_.feature, &moments_.feature_z, &moments_.product}) {
    x->setZero(row_.g.size());
  }
  sweep.down([&](Index j, const OwnSplit<Series3>& others) {
    const auto with = others * with_own(j, 1);
    const Series3 of_feature = on(with.c[0]);
    moments_.feature(j) = of_feature.c[0];
    moments_.feature_z(j) = of_feature.c[1];
    moments_.product(j) = on(with.c[1]).c[0];
  });
}

// On one side every log_scale is a polynomial mθ + ½vθ², v ≥ 0, which two of its values tell.
LawOutput::Exponents LawOutput::exponents(double sign) const {
  Exponents result;
  for (Index j = 0; j < row_.g.size(); ++j) {
    const double slope = sign * row_.g(j);
    if (slope == 0.0) continue;
    const ValueLaw& value = row_.value(j);
    const double once = value.log_scale(slope / spread_);
    const double bend = std::max(value.log_scale(2.0 * slope / spread_) - 2.0 * once, 0.0);
    const double rise = once - 0.5 * bend;
    result.rise = std::max(result.rise, rise);
    result.bend = std::max(result.bend, bend);
    result.fall += std::max(-rise, 0.0);
    if (slope > 0.0) result.limit = std::min(result.limit, value.strip() / slope);
  }
  return result;
}

// Whether neither transforms nor their products leave the range of double. Positive exponents of
// transforms may add up: the majorant tells.
bool LawOutput::representable(double abscissa) const {
  const double v = row_.variance, size = std::abs(abscissa);
  if (size * std::abs(row_.c) > largest_exponent) return false;
  if (0.5 * size * size * v > largest_exponent) return false;
  const Exponents& side = abscissa > 0.0 ? up_ : down_;
  if (!(size < side.limit)) return false;
  const double theta = size * spread_;
  return size * reach_ <= largest_exponent ||
         (theta * (side.rise + 0.5 * theta * side.bend) <= largest_exponent &&
          theta * side.fall <= largest_exponent);
}

// e^{θz} bounds (z)₊² ≤ 4e⁻²/θ² e^{θz}, (z)₊ ≤ e^{θz}/(eθ), 1{z > 0} ≤ e^{θz}, and the density of z
// is taken for at most θ e^{θz}: in derivatives of a jump, whose error is an estimate so far.
std::vector<LawOutput::Chernoff> LawOutput::chernoff(double sign) const {
  const double limit = (sign > 0.0 ? up_ : down_).limit;
  const double first = std::min(0.25 / spread_, 0.25 * limit);
  std::vector<Chernoff> result;
  add_chernoff(sign, first, std::min(300.0 / spread_, 0.95 * limit), result);
  // Rare features may move z by far more than its spread.
  double farthest = 0.0;
  for (Index j = 0; j < row_.g.size(); ++j) {
    farthest = std::max(farthest, std::abs(row_.g(j)) * std::sqrt(row_.value(j).moment(2)));
  }
  if (farthest > 30.0 * spread_) add_chernoff(sign, 0.25 / farthest, first, result);
  return result;
}

void LawOutput::add_chernoff(double sign, double first, double last,
                             std::vector<Chernoff>& result) const {
  constexpr std::size_t count = 2 * lane_count;
  const double ratio = std::pow(last / first, 1.0 / static_cast<double>(count - 1));
  LawBounds bounds;
  double next = first;
  for (std::size_t n = 0; n < count; n += lane_count) {
    std::array<double, lane_count> abscissa{};
    for (double& x : abscissa) {
      x = representable(sign * next) ? sign * next : 0.0;
      next *= ratio;
    }
    loops().law_bound(row_, circuit_, abscissa, derivatives_, bounds);
    for (std::size_t lane = 0; lane < lane_count; ++lane) {
      const double theta = sign * abscissa[lane];
      if (theta == 0.0) continue;
      constexpr double e = std::numbers::e;
      const Powers powers{2.0 / (e * e * theta * theta), 1.0 / (e * theta), 1.0, theta,
                          theta * theta};
      const LawError error =
          std::exp(-sign * theta * row_.c) * bound_of(row_, powers, bounds, lane, derivatives_);
      if (error.finite()) result.push_back({theta, error});
    }
  }
}

// See contour.h: Σ_m e^{κm} f(c + mT), and what the polynomial misses of Σ_m e^{−κm} f(c − mT).
LawError LawOutput::alias_error(double period) const {
  const double abscissa = kappa / period;
  LawError right{INFINITY, INFINITY, INFINITY, INFINITY}, left = right;
  const auto improve = [](LawError& error, const Chernoff& bound, double q) {
    const LawError other = (q / (1.0 - q)) * bound.error;
    error.value = std::min(error.value, other.value);
    error.entries = std::min(error.entries, other.entries);
    error.threshold = std::min(error.threshold, other.threshold);
    error.noise = std::min(error.noise, other.noise);
  };
  for (const Chernoff& bound : right_) {
    if (bound.theta > abscissa) improve(right, bound, std::exp(-(bound.theta - abscissa) * period));
  }
  for (const Chernoff& bound : left_) {
    improve(left, bound, std::exp(-kappa - bound.theta * period));
  }
  const LawError error = right + left;
  return derivatives_ ? error : LawError{error.value};
}

void LawOutput::choose_period(const LawTolerance& tolerance) {
  double first = spread_ / 4.0;
  while (!representable(kappa / first) && first < 1e300) first *= 1.125;
  const auto period_of = [&](int step) { return first * std::pow(1.125, step); };
  const auto excess = [&](int step) {
    const LawError error = alias_error(period_of(step));
    return std::max(error.value / tolerance.value,
                    error.derivatives(tolerance.unit) / tolerance.derivatives);
  };
  // The error falls with the period: the first that will do, or else the longest that has a bound.
  int below = -1, enough = 78;  // 1.125^78 = 1e4
  if (!std::isfinite(excess(enough))) enough = 0;
  while (enough - below > 1) {
    const int middle = (below + enough) / 2;
    (excess(middle) <= 1.0 ? enough : below) = middle;
  }
  period_ = period_of(enough);
}

void LawOutput::subtract_aliases(Result& result, double* by_feature) const {
  const LeftAliases aliases{.period = period_, .c = row_.c};
  const double jump = row_.jump, *m = moments_.plain, *o = moments_.own;
  result.value -= aliases.of_square(m[0], m[1], m[2]) - 2.0 * aliases.of_ramp(o[0], o[1]) +
                  jump * (2.0 * aliases.of_ramp(m[0], m[1]) + jump * aliases.of_step(m[0]) -
                          2.0 * aliases.of_step(o[0]));
  if (!derivatives_) return;
  result.threshold +=
      2.0 * (aliases.of_ramp(m[0], m[1]) + jump * aliases.of_step(m[0]) - aliases.of_step(o[0]));
  if (row_.variance > 0.0) result.noise -= aliases.of_step(m[0]);
  for (Index j = 0; j < row_.g.size(); ++j) {
    by_feature[j] -=
        2.0 * (aliases.of_ramp(moments_.feature(j), moments_.feature_z(j)) +
               jump * aliases.of_step(moments_.feature(j)) - aliases.of_step(moments_.product(j)));
  }
}

// The nodes beyond n in stretches, on each of which the majorants are those of its beginning. The
// first stretch begins at frequency 0: its bounds are for the rounding.
LawError LawOutput::truncate(const LawTolerance& tolerance, Index most, Index& nodes,
                             LawBounds& still) const {
  const Contour contour{period_};
  const double unit = 2.0 / period_ * std::exp(-contour.abscissa() * row_.c);
  std::vector<double> begins;  // of all stretches
  std::vector<LawError> parts;
  double begin = 0.0;
  for (;;) {
    // Twelve more stretches, then what lies beyond, in four long ones.
    constexpr std::size_t points = line_groups * lane_count, stretches = 12;
    std::array<double, points + 1> ends{};  // of the stretches; the last has none
    for (std::size_t n = 0; n < stretches; ++n) {
      ends[n] = begin;
      begin = begin == 0.0 ? fewest_nodes
                           : std::min(std::ceil(begin * 1.19 / 8.0) * 8.0,
                                      std::max(static_cast<double>(most), begin + 8.0));
    }
    ends[stretches] = begin;
    for (std::size_t n = stretches; n < points; ++n) ends[n + 1] = 16.0 * ends[n];
    LineFrequencies frequencies;
    for (std::size_t n = 0; n < points; ++n) {
      frequencies[n / lane_count][n % lane_count] = contour.spacing() * ends[n];
    }
    std::array<LawBounds, line_groups> bounds;
    loops().law_bound_on_line(row_, circuit_, contour.abscissa(), frequencies, derivatives_,
                              bounds);
    if (begins.empty()) still = bounds[0];
    LawError tail;
    for (std::size_t n = 0; n + 1 < points; ++n) {
      const LawError part = ends[n] == 0.0
                                ? LawError{}
                                : bound_of(row_, powers_of_stretch(contour, ends[n], ends[n + 1]),
                                           bounds[n / lane_count], n % lane_count, derivatives_);
      if (n < stretches) {
        begins.push_back(ends[n]);
        parts.push_back(part);
      } else {
        tail = tail + part;
      }
    }
    const LawBounds& last = bounds.back();
    const auto decay_of = [](const std::array<double, lane_count>& x) {
      return x.back() > 1e-250 ? std::log(x[lane_count - 2] / x.back()) / std::log(16.0) : 1e3;
    };
    double decay = std::min(decay_of(last.plain), decay_of(last.own));
    if (derivatives_) {
      decay = std::min({decay, decay_of(last.plain_norm), decay_of(last.own_norm)});
    }
    tail = tail + bound_of(row_, powers_of_rest(contour, ends[points - 1], decay), last,
                           lane_count - 1, derivatives_);
    // As few as will do, and no more than are allowed.
    std::size_t choice = begins.size();  // stretches from here on are left out
    const auto count = [&] { return choice < begins.size() ? begins[choice] : begin; };
    for (; choice > 1; --choice) {
      const LawError next = tail + parts[choice - 1];
      if (!within(unit * next, tolerance) && count() <= static_cast<double>(most)) break;
      tail = next;
    }
    if (within(unit * tail, tolerance) || begin >= static_cast<double>(most)) {
      nodes = static_cast<Index>(count());
      return unit * tail;
    }
  }
}

// Transforms and products to some hundred ε, phases s·g·U and s·c to ε each, transforms that are
// far out to ε|s|/γ each (far_features.h): of D or fewer in a product.
LawError LawOutput::rounding(Index nodes, const LawBounds& still, int lane) const {
  const Contour contour{period_};
  const double unit = 2.0 / period_ * std::exp(-contour.abscissa() * row_.c) * epsilon;
  const Powers s = powers_of_all(contour, static_cast<double>(nodes));
  const Powers up{s.squares, s.inverses, s.ones, s.sizes,
                  s.sizes * (contour.abscissa() + contour.spacing() * static_cast<double>(nodes))};
  const auto at = static_cast<std::size_t>(lane);
  LawBounds slope = still;
  slope.plain = still.plain_slope;
  slope.own = still.own_slope;
  // The second derivatives are taken to be as much larger than the first as these than the value.
  const double plain = still.plain[at] > 0.0 ? still.plain_slope[at] / still.plain[at] : 0.0;
  const double own = still.own[at] > 0.0 ? still.own_slope[at] / still.own[at] : 0.0;
  slope.plain_norm[at] *= plain;
  slope.own_norm[at] *= own;
  const LawError phases = 2.0 * bound_of(row_, up, slope, at, derivatives_);
  const LawError others = 200.0 * bound_of(row_, s, still, at, derivatives_) +
                          2.0 * std::abs(row_.c) * bound_of(row_, up, still, at, derivatives_);
  LawError aliases;
  const double* m = moments_.plain;
  const double size = spread_ + period_ + row_.jump;
  aliases.value =
      m[0] * size * size + 2.0 * size * std::abs(moments_.own[0]) + 2.0 * std::abs(moments_.own[1]);
  if (derivatives_) {
    aliases.entries = 2.0 * (size * moments_.feature.norm() + moments_.feature_z.norm() +
                             moments_.product.norm());
    aliases.threshold = 2.0 * (m[0] * size + std::abs(moments_.own[0]));
    aliases.noise = row_.variance > 0.0 ? 2.0 * m[0] : 0.0;
  }
  LawError far;
  if (!derivatives_) far = (far_count_ / contour.abscissa()) * bound_of(row_, up, still, at, false);
  return unit * (others + phases + far) + 200.0 * epsilon * aliases;
}

// What the nodes of a period miss.
LawOutput::Plan LawOutput::plan(double period, const LawTolerance& tolerance, Index most) {
  Plan result;
  result.period = period;
  period_ = period;
  LawBounds still;
  const LawError truncation = truncate(0.8 * tolerance, most, result.nodes, still);
  result.rounding = rounding(result.nodes, still, 0);
  if (!derivatives_ && result.rounding.value > 1e-2 * tolerance.value) {  // better slopes
    std::array<double, lane_count> abscissa{};
    abscissa.fill(kappa / period);
    loops().law_bound(row_, circuit_, abscissa, true, still);
    result.rounding = rounding(result.nodes, still, 0);
  }
  result.error = alias_error(period) + truncation + result.rounding;
  return result;
}

// Rare features that move z by far more than its spread make E e^{γz} huge on a short contour, and
// then rounding is all there is. So where the error is too large, longer periods, and shorter ones,
// as long as each halves it.
LawOutput::Plan LawOutput::best_plan(const LawTolerance& tolerance, Index most) {
  Plan best = plan(period_, tolerance, most);
  const auto error = [](const Plan& of) {
    return std::isfinite(of.error.value) ? of.error.value : INFINITY;
  };
  for (const double factor : {1.5, 1.0 / 1.5}) {
    for (int step = 0; step < 40 && error(best) > tolerance.value; ++step) {
      const double period = best.period * factor;
      if (!representable(kappa / period)) break;
      const Plan next = plan(period, tolerance, most);
      if (error(next) > 0.5 * error(best) && std::isfinite(error(best))) break;
      best = next;
    }
  }
  period_ = best.period;
  return best;
}

// z = 0 with certainty.
LawOutput::Result LawOutput::without_spread(double* by_feature) const {
  Result result;
  if (row_.c >= 0.0) return result;
  const double y = row_.jump - row_.c, *m = moments_.plain, *o = moments_.own;
  result.value = y * (y * m[0] - 2.0 * o[0]);
  result.threshold = -2.0 * (y * m[0] - o[0]);
  for (Index j = 0; derivatives_ && j < row_.g.size(); ++j) {
    by_feature[j] += 2.0 * (y * moments_.feature(j) - moments_.product(j));
  }
  return result;
}

LawOutput::Result LawOutput::evaluate(const LawTolerance& tolerance, Index most,
                                      double* by_feature) {
  Result result;
  nodes_ = 0;
  if (!(spread_ > 0.0)) return result;  // no supports, or z = c on all of them
  if (!moving_) return without_spread(by_feature);
  choose_period(0.1 * tolerance);
  const Plan best = best_plan(tolerance, most);
  result.nodes = nodes_ = best.nodes;
  result.period = period_;
  const double unit = 2.0 / period_;
  LawSums sums;
  Vector entries = Vector::Zero(derivatives_ ? row_.g.size() : 0);
  loops().law(row_, circuit_, Contour{period_}, 0, nodes_, sums,
              derivatives_ ? entries.data() : nullptr);
  result.value = unit * sums.value;
  result.threshold = unit * sums.threshold;
  result.noise = unit * sums.noise;
  if (derivatives_) entries *= unit;
  subtract_aliases(result, entries.data());
  for (Index j = 0; j < entries.size(); ++j) by_feature[j] += entries(j);
  result.error = best.error;
  // More than this is none; values are large where a unit makes z small.
  constexpr double most_known = 1e100;
  double x = 1.0;
  for (const ValueLaw& value : row_.law->values) x = std::max(x, value.size());
  const auto limit = [](double& error, double largest) {
    if (!(error < largest)) error = INFINITY;
  };
  limit(result.error.value, most_known);
  limit(result.error.entries, most_known * x * x);
  limit(result.error.threshold, most_known * x);
  limit(result.error.noise, most_known);
  return result;
}

// The same sums with polynomials in the number of active features.
Vector LawOutput::by_count(Index most) const {
  Vector result = Vector::Zero(most + 1);
  const auto size = static_cast<std::size_t>(most);
  const double jump = row_.jump;
  using Series2 = Series<double, 3>;
  using Dual = Series<Series2, 2>;
  ActivitySweep<Polynomial<Dual>> sums(row_.law->activity);
  const auto moments = sums.up([&](Index j) {
    Dual h;
    double coefficient = 1.0;
    for (int k = 0; k < 3; ++k) {
      const auto at = static_cast<std::size_t>(k);
      h.c[0].c[at] = coefficient * row_.value(j).moment(k);
      if (j == row_.own) h.c[1].c[at] = coefficient * row_.value(j).moment(k + 1);
      coefficient *= row_.g(j) / (k + 1);
    }
    return Polynomial<Dual>::marked(h, size);
  });
  const bool contour = nodes_ > 0;
  const LeftAliases aliases{.period = period_, .c = row_.c};
  for (Index l = row_.fewest; l <= most; ++l) {
    const Dual m = moments[static_cast<std::size_t>(l)];
    const auto& [m0, m1, m2] = m.c[0].c;
    const auto& [o0, o1, o2] = m.c[1].c;
    if (contour) {
      result(l) -= aliases.of_square(m0, m1, 2.0 * m2 + row_.variance * m0) -
                   2.0 * aliases.of_ramp(o0, o1) +
                   jump * (2.0 * aliases.of_ramp(m0, m1) + jump * aliases.of_step(m0) -
                           2.0 * aliases.of_step(o0));
    } else if (!moving_ && row_.c < 0.0) {
      const double y = jump - row_.c;
      result(l) += y * (y * m0 - 2.0 * o0);
    }
  }
  using Number = std::complex<double>;
  using Node = Series<Number, 2>;
  ActivitySweep<Polynomial<Node>> sweep(row_.law->activity);
  const Contour line{contour ? period_ : 1.0};
  for (Index k = 0; k < nodes_; ++k) {
    const Number s(line.abscissa(), line.spacing() * static_cast<double>(k));
    const auto whole = sweep.up([&](Index j) {
      const ExponentialMoments h = row_.value(j).exponential_moments(s * row_.g(j));
      const double scale = std::exp(h.log_scale);
      Node node;
      node.c[0] = scale * h.value[0];
      if (j == row_.own) node.c[1] = scale * h.value[1];
      return Polynomial<Node>::marked(node, size);
    });
    const Number decay = std::exp(s * (0.5 * row_.variance * s - row_.c));
    const Number plain = decay * ((2.0 / s + 2.0 * jump) / s + jump * jump) / s;
    const Number own = decay * -2.0 * (1.0 / s + jump) / s;
    const double weight = (k == 0 ? 1.0 : 2.0) / period_;
    for (Index l = row_.fewest; l <= most; ++l) {
      const Node x = whole[static_cast<std::size_t>(l)];
      result(l) += weight * (plain * x.c[0] + own * x.c[1]).real();
    }
  }
  return result;
}

}  // namespace skeleta::exact
