#pragma once

#include <numbers>
#include <vector>

#include "exact/dictionary_kernel.h"
#include "exact/node_factors.h"
#include "exact/value_lanes.h"

/// From node to node: the generating functions of one output's row.
namespace skeleta::exact {

SKELETA_INLINE Complex real(double x) {
  return {broadcast(x), broadcast(0.0)};
}
SKELETA_INLINE Lanes modulus(const Complex& x) {
  return square_root(x.re * x.re + x.im * x.im);
}
// e^x − 1
SKELETA_INLINE Complex complex_exp_minus_1(const Complex& x) {
  const Lanes growth = exp_minus_1(x.re);
  const Complex turn = turn_minus_1((0.5 * std::numbers::inv_pi) * x.im);
  return {(1.0 + growth) * turn.re + growth, (1.0 + growth) * turn.im};
}

constexpr double rarely = -30.0;  // log Π (1 − p) below which 1 is nothing beside e^Λ

// One side of the grid: adds Σ_m (w_nm/x_mⁿ)(e^{s x_m} − 1)ⁿ, `step` = e^{s x_1} − 1.
template <int fixed>
SKELETA_INLINE void add_side(const double* scaled, Index stride, Index count, int orders_,
                             const Complex& step, Complex* sums) {
  const int orders = fixed > 0 ? fixed : orders_;
  Complex v = real(0.0);
  for (Index m = 0; m < count; ++m) {
    v = add_product(v + step, step, v);
    Complex power = v;
    for (int n = 0; n < orders; ++n) {
      sums[n] = sums[n] + scaled[n * stride + m] * power;
      if (n + 1 < orders) power = power * v;
    }
  }
}

// Σ_j r_jⁿ h(s g_j)ⁿ of the rare ones, n = 1 … orders.
template <int fixed>
inline void set_power_sums(const DictionaryRow& row, const Nodes& nodes, Complex* sums) {
  const int orders = fixed > 0 ? fixed : row.grid.orders;
  const Index stride = row.high + row.low;
  Complex total[fixed > 0 ? fixed : most_orders];
  for (int n = 0; n < orders; ++n) total[n] = real(0.0);
  const Complex x = row.grid.spacing * nodes.s;
  add_side<fixed>(row.scaled.data(), stride, row.high, orders, complex_exp_minus_1(x), total);
  add_side<fixed>(row.scaled.data() + row.high, stride, row.low, orders,
                  complex_exp_minus_1(-1.0 * x), total);
  Complex inverse = nodes.inverse;
  for (int n = 0; n < orders; ++n) {
    sums[n] = total[n] * inverse;
    sums[n].re = sums[n].re + row.grid.order(n + 1)[row.grid.origin()];
    inverse = inverse * nodes.inverse;
  }
}

inline void power_sums(const DictionaryRow& row, const Nodes& nodes, Complex* sums) {
  switch (row.grid.orders) {
    case 1:
      return set_power_sums<1>(row, nodes, sums);
    case 2:
      return set_power_sums<2>(row, nodes, sums);
    case 3:
      return set_power_sums<3>(row, nodes, sums);
    default:
      return set_power_sums<0>(row, nodes, sums);
  }
}

// h(s g) of the frequent ones, h(s g), h'(s g) of feature i and e^{−sc} at groups of nodes one
// after the other.
class FactorWalk {
 public:
  FactorWalk(const DictionaryRow& row, const Contour& contour)
      : row_(row), contour_(contour), frequent_(row.frequent.size()) {
    const auto start = [&](Turning& turning, double g) {
      turning.start(contour, g, std::expm1(contour.abscissa() * g), 0);
    };
    for (std::size_t f = 0; f < frequent_.size(); ++f) start(frequent_[f], row.frequent[f]);
    start(own_, row.own);
    start(decay_, -row.c);
  }

  SKELETA_INLINE Complex of_frequent(std::size_t f, const Nodes& nodes) {
    const double g = row_.frequent[f];
    if (g == 0.0) return real(1.0);
    const Complex h = ((1.0 / g) * frequent_[f].v) * nodes.inverse;
    frequent_[f].advance();
    return h;
  }
  SKELETA_INLINE Moments moments_of_frequent(std::size_t f, const Nodes& nodes, Index first) {
    return moments_of(row_.frequent[f], frequent_[f], nodes, first);
  }
  SKELETA_INLINE Moments own(const Nodes& nodes, Index first) {
    return moments_of(row_.own, own_, nodes, first);
  }
  SKELETA_INLINE Complex decay() {
    const Complex result = decay_.value();
    decay_.advance();
    return result;
  }

 private:
  SKELETA_INLINE Moments moments_of(double g, Turning& turning, const Nodes& nodes, Index first) {
    if (g == 0.0) return {real(1.0), real(0.5), real(1.0 / 3.0)};
    const Moments h =
        feature_moments(nodes, turning.v, g, small_in_block(contour_, g, first + lane_count));
    turning.advance();
    return h;
  }

  const DictionaryRow& row_;
  const Contour& contour_;
  std::vector<Turning> frequent_;
  Turning own_, decay_;
};

// What at least one other, and at least k others, leave of Φ; what is subtracted for k = 2; the
// rare ones alone, E e^{sz'} of them.
struct OtherFeatures {
  Complex some, fewest, single, rare;
};
SKELETA_INLINE OtherFeatures others_at(const DictionaryRow& row, FactorWalk& walk,
                                       const Nodes& nodes, const Complex* powers) {
  Complex log = real(0.0);
  for (int n = row.grid.orders; n-- > 0;) {
    log = log + ((n % 2 == 0 ? 1.0 : -1.0) / (n + 1)) * powers[n];
  }
  // Of the frequent ones: one active, and more.
  Complex one = real(0.0), rest = one;
  double none = 1.0;
  for (std::size_t f = 0; f < row.frequent.size(); ++f) {
    const double p = row.density[f], a = 1.0 - p;
    const Complex x = p * walk.of_frequent(f, nodes);
    rest = add_product(a * rest, x, rest + one);
    one = a * one + none * x;
    none *= a;
  }
  Complex frequent = one + rest;
  const double none_rare = std::exp(row.log_none_rare);
  Complex more;  // e^Λ − 1, times Π (1 − p)
  if (row.log_none_rare > rarely) {
    more = none_rare * complex_exp_minus_1(log);
  } else {
    log.re = log.re + row.log_none_rare;
    more = complex_exp_minus_1(log);
    more.re = more.re + (1.0 - none_rare);
  }
  OtherFeatures others;
  others.rare = {more.re + none_rare, more.im};
  others.some = frequent * more + none * more + none_rare * frequent;
  others.fewest = others.some;
  others.single = real(0.0);
  if (row.fewest == 1) return others;
  others.single = none_rare * (one + none * powers[0]);
  others.fewest = others.some - others.single;
  return others;
}

// The sum of a group of nodes, and what its tail is estimated from.
inline void add_group(NodeSum& block, const Complex& f, const Lanes& weights) {
  const double energy = sum(f.re * f.re + f.im * f.im);
  block.value += sum(weights * f.re);
  block.imaginary += sum(f.im);
  block.energy += energy;
  block.total += energy;
  block.end_value = sum(f.re);
  block.end_imaginary = sum(f.im);
  block.end_energy = energy;
}

}  // namespace skeleta::exact
