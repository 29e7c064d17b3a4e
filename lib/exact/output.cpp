#include "exact/output.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "exact/closed_forms.h"
#include "exact/contour.h"

namespace skeleta::exact {
namespace {

// c0 + c1 s + c2 s² + O(s³)
template <class T>
struct Series {
  T c0, c1, c2;
};

template <class T>
SKELETA_INLINE Series<T> operator+(const Series<T>& x, const Series<T>& y) {
  return {x.c0 + y.c0, x.c1 + y.c1, x.c2 + y.c2};
}
template <class T>
SKELETA_INLINE Series<T> operator*(const T& x, const Series<T>& y) {
  return {x * y.c0, x * y.c1, x * y.c2};
}
template <class T>
SKELETA_INLINE Series<T> operator*(const Series<T>& x, const Series<T>& y) {
  return {x.c0 * y.c0, x.c0 * y.c1 + x.c1 * y.c0, x.c0 * y.c2 + x.c1 * y.c1 + x.c2 * y.c0};
}

// E[e^{sz}; N = 0], [.; N = 1], [.; N ≥ 2] of some of the features. Only sums of terms of one sign
// in the order s⁰, so the rest keeps its relative accuracy however rare it is.
template <class T>
struct ByCount {
  T none;
  Series<T> one, rest;

  void absorb(const T& a, const Series<T>& x) {
    rest = a * rest + x * (rest + one);
    one = a * one + none * x;
    none = none * a;
  }
  ByCount merged(const ByCount& other) const {
    return {none * other.none, other.none * one + none * other.one,
            none * other.rest + other.none * rest + (one + rest) * (other.one + other.rest)};
  }
};

// w h(s g) = w (1 + g s/2 + g² s²/6 + …)
template <class T>
SKELETA_INLINE Series<T> factor_series(const T& w, const T& g) {
  return {w, w * g * 0.5, w * g * g * (1.0 / 6.0)};
}

ByCount<double> others_at_zero(const Row& row) {
  const Lanes zero = broadcast(0.0);
  ByCount<Lanes> lanes{broadcast(1.0), {zero, zero, zero}, {zero, zero, zero}};
  Index n = 0;
  for (; n + lane_count <= row.count; n += lane_count) {
    lanes.absorb(load(&row.a[static_cast<std::size_t>(n)]),
                 factor_series(load(&row.w[static_cast<std::size_t>(n)]),
                               load(&row.g[static_cast<std::size_t>(n)])));
  }
  ByCount<double> result{1.0, {0, 0, 0}, {0, 0, 0}};
  for (; n < row.count; ++n) {
    const auto at = static_cast<std::size_t>(n);
    result.absorb(row.a[at], factor_series(row.w[at], row.g[at]));
  }
  if (row.count < lane_count) return result;
  for (int lane = 0; lane < lane_count; ++lane) {
    const auto series = [&](const Series<Lanes>& x) {
      return Series<double>{x.c0[lane], x.c1[lane], x.c2[lane]};
    };
    result = result.merged({lanes.none[lane], series(lanes.one), series(lanes.rest)});
  }
  return result;
}

// η is independent of the main features, and its part of e^{sz} is E e^{sη}.
RestMoments rest_moments(const Row& row) {
  const auto own = static_cast<std::size_t>(row.count);
  const double g = row.g[own], w = row.w[own], mean = row.fine.mean;
  const Series<double> fine{1.0, mean, 0.5 * (row.fine.variance + mean * mean)};
  ByCount<double> others = others_at_zero(row);
  const double company = others.one.c0 + others.rest.c0;
  ByCount<double> all = others;
  all.absorb(row.a[own], factor_series(w, g));
  all.rest = all.rest * fine;
  others.rest = others.rest * fine;
  others.one = others.one * fine;
  // w h'(s g) = w (1/2 + g s/3 + …): the factor of x_i.
  const auto with_x = [&](const Series<double>& y) {
    return std::pair(w * 0.5 * y.c0, w * (g / 3.0 * y.c0 + 0.5 * y.c1));
  };
  const auto [x0, x1] = with_x(others.rest);
  const auto [pair0, pair1] = with_x(others.one);
  return {w / 3.0 * company, all.rest.c0, all.rest.c1, 2.0 * all.rest.c2, x0, x1, pair0, pair1};
}

// θ from below the scale of the spread of z up to far above that of a single feature: Chernoff's
// bound is nearly optimal for Gaussian-like z (θ ~ 6/σ) and for z with few terms (θ ~ 10).
double first_theta(const Row& row) {
  double variance = 0.0;
  for (Index n = 0; n < row.fine_end(); ++n) {
    const double g = row.g[static_cast<std::size_t>(n)], p = row.probability(n);
    variance += g * g * p * (1.0 / 3.0 - 0.25 * p);
  }
  return 2.0 / std::max(1.0, std::sqrt(variance));
}

// With m = e^{θg} − 1: e^{2θg} − 1 = m(m + 2); with n = 1 − e^{−θg} = m/(1 + m): n(2 − n). No
// exponential but the first, no cancellation. A factor is at least 1/300 and at most 1e62, so that
// the product of four has a place in a double.
LogMoments log_moments(const Row& row) {
  constexpr int levels = LogMoments::levels;
  LogMoments result;
  result.first = first_theta(row);
  Lanes up[levels], down[levels], up_exponents[levels], down_exponents[levels];
  for (int r = 0; r < levels; ++r) {
    up[r] = down[r] = broadcast(1.0);
    up_exponents[r] = down_exponents[r] = broadcast(0.0);
  }
  const auto normalise = [&] {
    for (int r = 0; r < levels; ++r) {
      take_exponents(up[r], up_exponents[r]);
      take_exponents(down[r], down_exponents[r]);
    }
  };
  const Index filled = padded(row.fine_end());
  for (Index n = 0; n < filled; n += lane_count) {
    const auto at = static_cast<std::size_t>(n);
    const Lanes x = result.first * load(&row.g[at]), a = load(&row.a[at]);
    Lanes m = exp_minus_1(x), rise = load(&row.w[at]) / x;
    Lanes fall = m / (1.0 + m);
    for (int r = 0; r < levels; ++r) {
      up[r] *= a + rise * m;
      down[r] *= a + rise * fall;
      m *= m + 2.0;
      fall *= 2.0 - fall;
      rise *= 0.5;
    }
    if (n % (4 * lane_count) == 3 * lane_count) normalise();
  }
  normalise();
  // The Gauss points add no more than η itself: the rule's error for e^{θη} is never negative.
  const double mass = std::log(row.mass) + (row.fine_count > 0 ? std::numbers::ln2 : 0.0);
  for (int r = 0; r < levels; ++r) {
    const auto at = static_cast<std::size_t>(r);
    result.up[at] = std::log(product(up[r])) + std::numbers::ln2 * sum(up_exponents[r]) + mass;
    result.down[at] =
        std::log(product(down[r])) + std::numbers::ln2 * sum(down_exponents[r]) + mass;
  }
  return result;
}

}  // namespace

double closed_by_count(const Row& row, const double* gram, Index l) {
  const auto own = static_cast<std::size_t>(row.count);
  const double* alone = row.alone.data();
  const double* g = row.g.data();
  double result = 0.0;
  for_each_shift(row, [&](double b, double weight) {
    if (l == 0) {
      const double quiet = std::max(-b, 0.0);
      result += weight * row.a[own] * row.none * quiet * quiet;
      return;
    }
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (Index n = 0; n < row.count; ++n) sum += alone[n] * phi(row.scale * g[n], b);
    result += weight * (row.a[own] * sum + row.w[own] * row.none * own_error(gram[row.own], b));
  });
  return row.mass * result;
}

void read_output(const Row& row, const double* gram, Output& output) {
  output.scale = row.scale;
  output.mass = row.mass;
  output.c = row.c;
  output.threshold = row.threshold;
  output.dropped = row.dropped;
  output.count = row.count + row.fine_count;
  output.parts = 2.0 + static_cast<double>(output.count);
  for (const double p : row.idle) output.parts += 0.25 * p * p;
  output.lowest = output.highest = 0.0;
  for (Index n = 0; n < row.fine_end(); ++n) {
    const double g = row.g[static_cast<std::size_t>(n)];
    output.lowest += std::min(g, 0.0);
    output.highest += std::max(g, 0.0);
  }
  output.closed = closed_by_count(row, gram, 0) + closed_by_count(row, gram, 1);
  output.rest = rest_moments(row);
  output.log_moments = log_moments(row);
}

// Chernoff (mathematics.md, Proposition 3.3): y₊² ≤ (4e⁻²/θ²) e^{θy}, y₊ ≤ e^{θy}/(eθ), 1{y > 0} ≤
// e^{θy}. With K = (scale²·4e⁻²/θ² + 2 scale/(eθ)) e^{−θc} M(θ) the aliases on the right are at
// most Σ_m e^{κm} K e^{−θmT} = K q/(1 − q) with q = e^{κ−θT}, which is ≤ ε if θT ≥ κ + log(1 +
// K/ε); those on the left likewise with e^{θc} M(−θ) and q = e^{−κ−θT}. K itself bounds what is
// lost by taking z to be wholly on one side of c. For the derivatives, as x_i, x_j ≤ 1 and the norm
// has D + 1 parts, of those left out of z half that: K = √(D + 1) (1 + scale/(eθ)) e^{−θc} M(θ). If
// c + T exceeds all of z the right aliases vanish, if c − T is below all of z the left ones do.
void choose_period(const AliasTolerance& tolerance, Output& output) {
  const double share = 0.5 * tolerance.square, c = output.c, log_share = std::log(share);
  const bool derivatives = std::isfinite(tolerance.derivatives);
  const double log_norm =
      0.5 * std::log(output.parts) - std::log(0.5 * tolerance.derivatives);  // −∞ if not needed
  const LogMoments& moments = output.log_moments;
  double log_up = INFINITY, log_down = INFINITY, right = INFINITY, left = INFINITY;
  for (int r = 0; r < LogMoments::levels; ++r) {
    const double theta = moments.theta(r), e = std::numbers::e;
    const double y = 2.0 * output.scale / (e * theta);
    double log_excess = std::log(y * y + y) - log_share;
    if (derivatives) log_excess = std::max(log_excess, log_norm + std::log1p(0.5 * y));
    const auto at = static_cast<std::size_t>(r);
    const double up = log_excess + moments.up[at] - theta * c;
    const double down = log_excess + moments.down[at] + theta * c;
    const auto softplus = [](double x) { return x > 36.0 ? x : std::log1p(std::exp(x)); };
    log_up = std::min(log_up, up);
    log_down = std::min(log_down, down);
    right = std::min(right, (kappa + softplus(up)) / theta);
    left = std::min(left, (softplus(down) - kappa) / theta);
  }
  const auto leave = [&](double part) {
    output.aliasing = part * tolerance.square;
    output.derivative_aliasing = derivatives && part > 0.0 ? part * tolerance.derivatives : 0.0;
  };
  output.side = Side::both;
  leave(1.0);
  if (c >= output.highest || log_up <= 0.0) {
    output.side = Side::below;
    leave(c >= output.highest ? 0.0 : 0.5);
  } else if (c <= output.lowest || log_down <= 0.0) {
    output.side = Side::above;
    leave(c <= output.lowest ? 0.0 : 0.5);
  } else {
    const double whole = std::max(output.highest - c, c - output.lowest);
    output.period = std::max(right, left);
    if (output.period >= whole) {
      output.period = whole * (1.0 + 1e-12);
      leave(0.0);
    }
  }
}

double largest_square(const Output& output) {
  const double most = std::max(output.scale * output.highest - output.threshold, 0.0);
  return std::max(1.0, most * most);
}

double pair_ramps(const Row& row, const double* gram) {
  const double own = gram[row.own];
  const double* alone = row.alone.data();
  const double* g = row.g.data();
  double result = 0.0;
  for_each_shift(row, [&](double b, double weight) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (Index n = 0; n < row.count; ++n) sum += alone[n] * psi_pair(own, row.scale * g[n], b);
    result += weight * sum;
  });
  return row.mass * row.w[static_cast<std::size_t>(row.count)] * result;
}

double square_error(const Output& output, double contour_sum) {
  const RestMoments& rest = output.rest;
  const double scale = output.scale, mass = output.mass, b = output.threshold;
  const double known = output.closed + mass * rest.square;
  if (output.side == Side::below || output.count == 0) return known;
  if (output.side == Side::above) {
    const double squares = scale * scale * rest.m2 - 2.0 * scale * b * rest.m1 + b * b * rest.m0;
    const double ramps = scale * (rest.x1 + rest.pair1) - b * (rest.x0 + rest.pair0);
    return known + mass * (squares - 2.0 * ramps);
  }
  const LeftAliases aliases{.period = output.period, .c = output.c};
  const double added = scale * scale * aliases.of_square(rest.m0, rest.m1, rest.m2) -
                       2.0 * scale * aliases.of_ramp(rest.x0, rest.x1);
  return known - 2.0 * output.pairs + mass * (contour_sum - added);
}

}  // namespace skeleta::exact
