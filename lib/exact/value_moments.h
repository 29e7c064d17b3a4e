#pragma once

#include "exact/node_factors.h"

/// Moments of a uniform value at one group of nodes, to any order.
namespace skeleta::exact {

/// |s| at the first of some nodes and beyond the last.
struct Reach {
  double least, largest;
};

inline Reach reach_of(const Contour& contour, Index first, Index nodes) {
  const double next = static_cast<double>(first + nodes);
  return {std::hypot(contour.abscissa(), contour.spacing() * static_cast<double>(first)),
          contour.abscissa() + contour.spacing() * next};
}

SKELETA_INLINE Complex where_below(const Lanes& x, double limit, const Complex& below,
                                   const Complex& above) {
  const Lanes most = broadcast(limit);
  return {if_less(x, most, below.re, above.re), if_less(x, most, below.im, above.im)};
}

/// h_n = ∫ tⁿ e^{at} dt downwards from the series of the last one, in which errors shrink:
/// h_n = (e^a − a h_{n+1})/(n + 1).
template <int count>
SKELETA_INLINE void moments_by_series(const Complex& a, const Complex& e, Complex* h) {
  h[count - 1] = moment_series(a, count - 1);
  for (int n = count - 1; n-- > 0;) h[n] = (1.0 / (n + 1)) * (e - a * h[n + 1]);
}

/// h_0, h_1, … from v = e^a − 1, a = s g: upwards each loses |a|⁻¹, so where |a| is small at some
/// nodes their values there come from the series.
template <int count>
SKELETA_INLINE void moments_of(const Nodes& nodes, const Complex& v, double g, const Reach& reach,
                               Complex* h) {
  constexpr double small = 0.4;
  const Complex a = g * nodes.s;
  const Complex e{v.re + 1.0, v.im};
  if (std::abs(g) * reach.largest <= small) return moments_by_series<count>(a, e, h);
  const Complex over_a = (1.0 / g) * nodes.inverse;
  h[0] = v * over_a;
  for (int n = 1; n < count; ++n) {
    h[n] = (e - static_cast<double>(n) * h[n - 1]) * over_a;
  }
  if (std::abs(g) * reach.least >= small) return;
  const Lanes size = a.re * a.re + a.im * a.im;
  Complex series[count];
  moments_by_series<count>(a, e, series);
  for (int n = 1; n < count; ++n) h[n] = where_below(size, small * small, series[n], h[n]);
}

}  // namespace skeleta::exact
