#include "exact/spread.h"

#include <algorithm>
#include <cmath>

#include "exact/lanes.h"

namespace skeleta::exact {
namespace {

// ℓ_k as polynomials in v, the place relative to the middle of the eight points, at −3.5 … 3.5.
struct Lagrange {
  double c[spread_taps][lane_count]{};  // [power][point]

  constexpr Lagrange() {
    for (int k = 0; k < spread_taps; ++k) {
      double polynomial[spread_taps] = {1.0};
      int degree = 0;
      for (int q = 0; q < spread_taps; ++q) {
        if (q == k) continue;
        const double root = q - 3.5, scale = 1.0 / (k - q);
        for (int n = ++degree; n >= 0; --n) {
          const double lower = n > 0 ? polynomial[n - 1] : 0.0;
          const double same = n < degree ? polynomial[n] : 0.0;
          polynomial[n] = scale * (lower - root * same);
        }
      }
      for (int n = 0; n < spread_taps; ++n) c[n][k] = polynomial[n];
    }
  }
};
static_assert(spread_taps == lane_count);
constexpr Lagrange lagrange;

constexpr Index stretch = 256;

template <int fixed>
void add_points(const double* g, const double* odds, Index count, Spread& spread) {
  const int orders = fixed > 0 ? fixed : spread.orders;
  const std::size_t size = spread.size();
  const double inverse = 1.0 / spread.spacing, shift = static_cast<double>(spread.origin());
  double* const weights = spread.weights.data();
  double* const mass = spread.mass.data();
  int cell[stretch];
  double place[stretch];
  for (Index first = 0; first < count; first += stretch) {
    const Index last = std::min(count - first, stretch);
    for (Index j = 0; j < last; ++j) {
      const double t = g[first + j] * inverse + shift;
      cell[j] = static_cast<int>(t);
      place[j] = t - static_cast<double>(cell[j]) - 0.5;
    }
    for (Index j = 0; j < last; ++j) {
      const double r = odds[first + j], v = place[j];
      Lanes w = load(lagrange.c[spread_taps - 1]);
      for (int n = spread_taps - 1; n-- > 0;) w = w * v + load(lagrange.c[n]);
      double* at = weights + cell[j] - 3;
      for (int n = 0; n < orders; ++n, at += size) {
        w = r * w;
        store(at, load(at) + w);
      }
      mass[cell[j]] += r;
    }
  }
}

}  // namespace

void Spread::clear(double spacing_, double reach, int orders_) {
  spacing = spacing_;
  half = static_cast<Index>(std::ceil(reach / spacing)) + 1;
  orders = orders_;
  weights.assign(static_cast<std::size_t>(orders) * size(), 0.0);
  mass.assign(size(), 0.0);
}

void Spread::remove_zero(double odds) {
  const auto at = static_cast<std::size_t>(origin());
  double power = odds;
  for (int n = 0; n < orders; ++n, power *= odds) {
    weights[static_cast<std::size_t>(n) * size() + at] -= power;
  }
  mass[at] = std::max(mass[at] - odds, 0.0);
}

void spread_points(const double* g, const double* odds, Index count, Spread& spread) {
  switch (spread.orders) {
    case 1:
      return add_points<1>(g, odds, count, spread);
    case 2:
      return add_points<2>(g, odds, count, spread);
    case 3:
      return add_points<3>(g, odds, count, spread);
    default:
      return add_points<0>(g, odds, count, spread);
  }
}

}  // namespace skeleta::exact
