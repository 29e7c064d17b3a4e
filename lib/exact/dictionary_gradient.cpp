#include "exact/dictionary_gradient.h"

#include <algorithm>
#include <cmath>

#include "exact/closed_forms.h"
#include "exact/dictionary_walk.h"

namespace skeleta::exact {
namespace {

// 2e^{−sc} times the transforms: `all` of the ramp less the step where x_i is active, `closed` of
// what has a closed form if no other is; `own`, `threshold` for these derivatives.
struct DerivativeKernels {
  Complex all, closed, own, threshold;
};
SKELETA_INLINE DerivativeKernels derivative_kernels(const DictionaryRow& row, FactorWalk& walk,
                                                    const Nodes& s, Index first) {
  const Moments h = walk.own(s, first);
  const Complex step = 2.0 * (walk.decay() * s.inverse), ramp = step * s.inverse;
  const Complex idle = (1.0 - row.p) * ramp, active = row.p * (ramp * h.h0);
  const Complex with_x = row.p * (step * h.h1);
  const Complex all = idle + active - with_x;
  return {all, idle - with_x, row.p * (ramp * h.h1 - step * h.h2), -1.0 * all};
}

// One side of the grid: adds Re Σ_lanes P_n hⁿ⁻¹ h' at its points, `step` = s x_1.
SKELETA_INLINE void add_side_derivatives(const Complex* P, const Complex& step, Index count,
                                         int orders, double* values, Index points, Index way) {
  const Complex turn = complex_exp_minus_1(step);
  const Complex inverse_step = {step.re, -1.0 * step.im};
  const Lanes scale = 1.0 / (step.re * step.re + step.im * step.im);
  Complex v = real(0.0);
  for (Index m = 1; m <= count; ++m) {
    v = add_product(v + turn, turn, v);
    const Complex over_a = (scale * (1.0 / static_cast<double>(m))) * inverse_step;
    const Complex h = v * over_a;
    Complex term = (Complex{v.re + 1.0, v.im} - h) * over_a;
    double* at = values + way * m;
    for (int n = 0; n < orders; ++n, at += points) {
      *at += sum(real_product(P[n], term));
      if (n + 1 < orders) term = term * h;
    }
  }
}

// P(no other feature but this one), for each frequent one, or 0 if there are no closed forms.
// Densities of 1 allow no division.
std::vector<double> nobody_but(const DictionaryRow& row, bool closed) {
  std::vector<double> nobody(row.frequent.size());
  if (!closed) return nobody;
  double before = std::exp(row.log_none_rare), after = 1.0;
  for (std::size_t f = 0; f < nobody.size(); ++f) {
    nobody[f] = before;
    before *= 1.0 - row.density[f];
  }
  for (std::size_t f = nobody.size(); f-- > 0;) {
    nobody[f] *= after;
    after *= 1.0 - row.density[f];
  }
  return nobody;
}

// Frequent features: P(s) for each, with the product of all others from both ends.
class FrequentDerivatives {
 public:
  FrequentDerivatives(const DictionaryRow& row, const Contour& contour, bool closed)
      : row_(row),
        walk_(row, contour),
        moments_(row.frequent.size()),
        before_(row.frequent.size()),
        nobody_(nobody_but(row, closed)) {}

  void add(const Nodes& s, Index first, const DerivativeKernels& kernels, const Complex& rare,
           const Lanes& weights, std::vector<double>& sums) {
    Complex product = rare;
    for (std::size_t f = 0; f < moments_.size(); ++f) {
      moments_[f] = walk_.moments_of_frequent(f, s, first);
      before_[f] = product;
      product = product * factor(f);
    }
    product = real(1.0);
    for (std::size_t f = moments_.size(); f-- > 0;) {
      const Complex P = kernels.all * (before_[f] * product) - nobody_[f] * kernels.closed;
      sums[f] += row_.density[f] * sum(weights * real_product(P, moments_[f].h1));
      product = product * factor(f);
    }
  }

 private:
  SKELETA_INLINE Complex factor(std::size_t f) const {
    const double p = row_.density[f];
    Complex x = p * moments_[f].h0;
    x.re = x.re + (1.0 - p);
    return x;
  }

  const DictionaryRow& row_;
  FactorWalk walk_;
  std::vector<Moments> moments_;
  std::vector<Complex> before_;
  std::vector<double> nobody_;
};

}  // namespace

void sum_derivatives(const DictionaryRow& row, const Contour& contour, Index nodes, bool closed,
                     DerivativeSums& sums) {
  const int orders = row.grid.orders;
  const Index points = row.low + row.high + 1;
  sums = {};
  sums.grid.assign(static_cast<std::size_t>(orders * points), 0.0);
  sums.frequent.assign(row.frequent.size(), 0.0);
  double* const middle = sums.grid.data() + row.low;
  FactorWalk walk(row, contour);
  FrequentDerivatives frequent(row, contour, closed);
  const double none = closed ? row.none : 0.0;
  Complex powers[most_orders], P[most_orders];
  const double constant = row.farthest > 0.0 ? spread_constant : 0.0;  // 0 is a point of the grid
  const double growth =
      std::exp(contour.abscissa() * row.grid.spacing * static_cast<double>(row.high));
  for (Index first = 0; first < nodes; first += lane_count) {
    if (first % nodes_per_block == 0) {
      sums.tiny.emplace_back();
      sums.owns.emplace_back();
      sums.thresholds.emplace_back();
    }
    const Nodes s = nodes_at(contour, first);
    const Lanes weights = node_weights(first);
    power_sums(row, s, powers);
    const OtherFeatures others = others_at(row, walk, s, powers);
    const DerivativeKernels kernels = derivative_kernels(row, walk, s, first);
    const Complex own = kernels.own * others.some, threshold = kernels.threshold * others.some;
    const Complex with_some = kernels.all * others.some;
    const Complex all = with_some + row.none * kernels.all;
    const Complex P1 = all - none * kernels.closed;
    P[0] = weights * P1;
    for (int n = 1; n < orders; ++n) P[n] = weights * all;
    for (int n = 0; n < orders; ++n) middle[n * points] += 0.5 * sum(P[n].re);
    const Complex step = row.grid.spacing * s.s;
    add_side_derivatives(P, step, row.high, orders, middle, points, 1);
    add_side_derivatives(P, -1.0 * step, row.low, orders, middle, points, -1);
    frequent.add(s, first, kernels, others.rare, weights, sums.frequent);
    sums.own += sum(weights * own.re);
    sums.threshold += sum(weights * threshold.re);
    add_group(sums.tiny.back(), 0.5 * P1, weights);
    add_group(sums.owns.back(), own, weights);
    add_group(sums.thresholds.back(), threshold, weights);
    const Lanes square = step.re * step.re + step.im * step.im, fourth = square * square;
    sums.spread += constant * growth *
                   sum(weights * (fourth * fourth) *
                       (modulus(P1) + static_cast<double>(orders - 1) * modulus(all)));
  }
}

namespace {

// ∂F/∂g of a feature of density p from its contour's sum; `nobody`: P(no other feature but it).
template <bool closed>
SKELETA_INLINE double finish_entry(const DictionaryRow& row, const DerivativeScale& scale, double g,
                                   double p, double nobody, double sum) {
  const double half = 0.5 * p, company = 1.0 - nobody, idle = 1.0 - row.p;
  const double own = g * p / 3.0, others = half * (scale.mean - g * half);
  const double constant = half * (idle * company + row.p);
  const double slope =
      idle * (own * company + others) + row.p * (own + others + 0.5 * row.own * half);
  const double step = 0.5 * row.p * half * company;
  const double rest = scale.unit * sum +
                      2.0 * (scale.constant * constant + scale.slope * slope - scale.step * step);
  if (!closed) return rest;
  return rest +
         2.0 * p * nobody * (idle * psi(g, row.c) - row.p * above_pair_product(row.own, g, row.c));
}

}  // namespace

void finish_entries(const DictionaryRow& row, const DerivativeScale& scale, const double* odds,
                    const double* series, Index count, double* g) {
  const auto finish = [&]<bool closed>() {
#pragma omp simd
    for (Index j = 0; j < count; ++j) {
      const double r = odds[j], nobody = closed ? row.none * (1.0 + r) : 0.0;
      g[j] = finish_entry<closed>(row, scale, g[j], r / (1.0 + r), nobody, series[j]);
    }
  };
  scale.closed ? finish.template operator()<true>() : finish.template operator()<false>();
}

OtherDerivatives finish_others(const DictionaryRow& row, const DerivativeScale& scale,
                               const DerivativeSums& sums) {
  OtherDerivatives result{.frequent = nobody_but(row, scale.closed)};
  for (std::size_t f = 0; f < row.frequent.size(); ++f) {
    result.frequent[f] =
        finish_entry<true>(row, scale, row.frequent[f], row.density[f], result.frequent[f],
                           sums.frequent.empty() ? 0.0 : sums.frequent[f]);
  }
  const double p = row.p, g = row.own, c = row.c, some = row.some;
  const auto rest = [&](double constant, double slope, double step) {
    return 2.0 * (scale.constant * constant + scale.slope * slope - scale.step * step);
  };
  result.own = scale.unit * sums.own +
               p * rest(0.5 * some, 0.5 * scale.mean + g / 3.0 * some, some / 3.0) +
               2.0 * row.none * p * (psi(g, c) - above_tt(g, c));
  result.threshold =
      scale.unit * sums.threshold - rest(some, scale.mean + 0.5 * p * g * some, 0.5 * p * some) +
      2.0 * row.none * (p * (above_t(g, c) - phi1(g, c)) - (1.0 - p) * std::max(-c, 0.0));
  return result;
}

OtherDerivatives derivatives_when_alone(const DictionaryRow& row) {
  const double p = row.p, g = row.own, c = row.c;
  OtherDerivatives result;
  result.own = 2.0 * p * (psi(g, c) - above_tt(g, c));
  result.threshold = 2.0 * (p * (above_t(g, c) - phi1(g, c)) - (1.0 - p) * std::max(-c, 0.0));
  for (const double q : row.density) result.frequent.push_back(-0.5 * q * result.threshold);
  return result;
}

}  // namespace skeleta::exact
