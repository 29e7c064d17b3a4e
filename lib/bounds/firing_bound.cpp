#include "bounds/firing_bound.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace skeleta::bounds {
namespace {

// log h(a), h(a) = ∫₀¹ e^{at} dt.
double log_h(double a) {
  if (std::abs(a) < 1e-5) return 0.5 * a + a * a / 24.0;
  return std::max(a, 0.0) + std::log(-std::expm1(-std::abs(a)) / std::abs(a));
}

// log E[e^{θz}; N ≥ m]. fewer[k]: log of the part with exactly k < m active features so far.
double log_moment(const Vector& g, double theta, const Vector& density, Index m) {
  constexpr double none = -std::numeric_limits<double>::infinity();
  const auto add = [](double a, double b) {
    const double high = std::max(a, b), low = std::min(a, b);
    return low == none ? high : high + std::log1p(std::exp(low - high));
  };
  std::vector<double> fewer(static_cast<std::size_t>(m), none);
  double rest = m > 0 ? none : 0.0;
  if (m > 0) fewer[0] = 0.0;
  for (Index j = 0; j < g.size(); ++j) {
    const double p = density(j);
    if (p == 0.0) continue;
    const double off = std::log1p(-p), on = std::log(p) + log_h(theta * g(j));
    rest = add(rest + off, rest + on);
    if (m > 0) rest = add(rest, fewer.back() + on);
    for (std::size_t k = fewer.size(); k-- > 0;) {
      fewer[k] = add(fewer[k] + off, k > 0 ? fewer[k - 1] + on : none);
    }
  }
  return rest;
}

}  // namespace

double firing_bound(const Vector& g, double b, const Vector& density, Index m) {
  constexpr double rounding = 1e-6, strongest = 0x1p14;
  double largest = 0.0, reach = -b;
  for (Index j = 0; j < g.size(); ++j) {
    if (density(j) == 0.0 || g(j) <= 0.0) continue;
    largest = std::max(largest, g(j));
    reach += g(j);
  }
  if (reach <= 0.0) return 0.0;
  if (largest == 0.0) return b * b;  // z ≤ 0, and b < 0
  double best = 2.0 * std::log(reach);
  for (double strength = 1.0; strength <= strongest; strength *= 2.0) {
    const double theta = strength / largest;
    const double moment = log_moment(g, theta, density, m);
    best = std::min(best, 2.0 * (std::log(2.0 / theta) - 1.0) - theta * b + moment);
  }
  return std::exp(best) * (1.0 + rounding);
}

}  // namespace skeleta::bounds
