#include "exact/law_curvature_kernel.h"

#include <memory>

#include "exact/law_pass.h"

namespace skeleta::exact {
namespace {

// A complex number and its slope along a direction, at eight nodes.
struct Sloped {
  Complex value, slope;
};

SKELETA_INLINE Sloped operator+(const Sloped& x, const Sloped& y) {
  return {x.value + y.value, x.slope + y.slope};
}
SKELETA_INLINE Sloped operator*(const Sloped& x, const Sloped& y) {
  return {x.value * y.value, add_product(x.value * y.slope, x.slope, y.value)};
}
SKELETA_INLINE Sloped operator*(double x, const Sloped& y) {
  return {x * y.value, x * y.slope};
}
SKELETA_INLINE void add_constant(Sloped& x, double constant) {
  add_constant(x.value, constant);
}

// 1 for t ≤ 0, 0 for t ≥ 1, with four continuous derivatives.
SKELETA_INLINE Lanes falling(const Lanes& t) {
  const Lanes x = smaller(larger(t, broadcast(0.0)), broadcast(1.0)), x2 = x * x;
  return 1.0 - x2 * x2 * x * (126.0 + x * (x * (540.0 + x * (70.0 * x - 315.0)) - 420.0));
}

// The weight at nodes first, …, first + 7 of so many.
SKELETA_INLINE Lanes taper(Index first, double count) {
  return falling(counting(static_cast<double>(first)) * (2.0 / count) - 1.0);
}

// E U³ e^{aU}, a = g s.
Complex third_moment(const ValueLaw& value, double g, const Complex& s) {
  Complex result{};
  for (int lane = 0; lane < static_cast<int>(lane_count); ++lane) {
    const auto moments = value.exponential_moments({g * s.re[lane], g * s.im[lane]});
    const auto moment = std::exp(moments.log_scale) * moments.value[3];
    set(result.re, lane, moment.real());
    set(result.im, lane, moment.imag());
  }
  return result;
}

// s K_p and s K_o, times e^{−sc + s²v/2} and the nodes' weights.
struct SlopedKernels {
  Sloped plain, own;
};

SKELETA_INLINE SlopedKernels kernels_at(const LawRow& row, const LawDirection& direction,
                                        const Complex& decay, const Nodes& nodes) {
  const Complex r = nodes.inverse, s = nodes.s;
  const double jump = row.jump;
  const Complex turn{0.5 * direction.v * s.re - direction.c, 0.5 * direction.v * s.im};
  Complex plain = (2.0 * r) * r + (2.0 * jump) * r, own = -2.0 * r;
  plain.re = plain.re + jump * jump;
  own.re = own.re - 2.0 * jump;
  plain = plain * decay;
  own = own * decay;
  return {{plain, plain * turn}, {own, own * turn}};
}

// Σ Re over eight lanes each.
struct LaneSlopes {
  explicit LaneSlopes(std::size_t features) : entries(features, Lanes{}) {}

  void add_to(LawSlopes& sums) const {
    sums.by_feature.resize(entries.size());
    for (std::size_t j = 0; j < entries.size(); ++j) sums.by_feature[j] = sum(entries[j]);
    sums.threshold = sum(threshold);
    sums.noise = sum(noise);
  }

  std::vector<Lanes> entries;
  Lanes threshold{}, noise{};
};

}  // namespace

void sum_law_curvature(const LawRow& row, const LawCircuit& circuit, const Contour& contour,
                       Index count, const LawDirection& direction, LawSlopes& sums,
                       LawSlopes& change) {
  const auto features = static_cast<std::size_t>(row.g.size()),
             i = static_cast<std::size_t>(row.own);
  LawPass<Sloped> pass(circuit, row.own);
  const auto transforms = std::make_unique_for_overwrite<ValueTransform[]>(features);
  std::vector<Sloped> first_moments(features);
  LaneSlopes all(features), last(features);
  const double growth = growth_of(row, contour), nodes_in_all = static_cast<double>(count);
  for (Index n = 0; n < count; n += lane_count) {
    const Group nodes = group_at(contour, n);
    if (n % restart == 0) {
      for (std::size_t j = 0; j < features; ++j) {
        const auto feature = static_cast<Index>(j);
        transforms[j].start(row.value(feature), row.g(feature), contour, n);
      }
    }
    Sloped own_second{};
    const LawWhole<Sloped> parts = pass.evaluate([&](Index j, Sloped& h) {
      const auto at = static_cast<std::size_t>(j);
      const double u = direction.g[at];
      Complex second;
      Sloped& first = first_moments[at];
      transforms[at].at(row.value(j), row.g(j), nodes, true, h.value, first.value, second);
      h.slope = u * first.value;
      first.slope = u * second;
      if (j != row.own) return;
      own_second.value = second;
      if (u != 0.0) own_second.slope = u * third_moment(row.value(j), row.g(j), nodes.s);
    });
    const Complex decay = decay_at(row, contour, growth, n, nodes);
    const auto [plain, own] = kernels_at(row, direction, decay, nodes);
    const bool two = row.fewest == 2;
    const auto on = [&](const LawParts<Sloped>& x, bool others) {
      return two ? (others ? x.some() : x.rest) : (others ? x.total() : x.some());
    };
    const Sloped with_own = on(parts.others, true);
    const Sloped value = plain * on(parts.all, false) + own * (first_moments[i] * with_own);
    const Lanes weight = taper(n, nodes_in_all), of_half = taper(n, 0.5 * nodes_in_all);
    const Lanes between = weight - of_half;
    const auto add = [&](Lanes& of_all, Lanes& of_last, const Complex& slope) {
      const Lanes term = real_product(slope, nodes.s);  // the slope's own s
      of_all = of_all + weight * term;
      of_last = of_last + between * term;
    };
    add(all.threshold, last.threshold, -1.0 * value.slope);
    if (row.variance > 0.0) add(all.noise, last.noise, 0.5 * (value.slope * nodes.s));
    pass.down(plain, own * first_moments[i], row.fewest, [&](Index j, const Sloped& adjoint) {
      const auto at = static_cast<std::size_t>(j);
      add(all.entries[at], last.entries[at], (adjoint * first_moments[at]).slope);
    });
    add(all.entries[i], last.entries[i],
        ((plain * first_moments[i] + own * own_second) * with_own).slope);
  }
  all.add_to(sums);
  last.add_to(change);
}

}  // namespace skeleta::exact
