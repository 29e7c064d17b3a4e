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

// 1, v, v² … v⁷
SKELETA_INLINE void set_powers(double v, Register& x) {
  double power = 1.0;
  for (int k = 0; k < register_lanes; ++k, power *= v) set(x, k, power);
}
template <class Half>
SKELETA_INLINE void set_powers(double v, Pair<Half>& x) {
  set_powers(v, x.low);
  double step = v;  // to the power of the lanes of a half, 2 or 4
  for (std::size_t k = sizeof(double); k < sizeof(Half); k *= 2) step *= step;
  x.high = x.low * step;
}

constexpr Index stretch = 256;

// Cells of some points, and their places from the middle, −½ … ½.
struct Places {
  int cell[stretch];
  double place[stretch];

  SKELETA_INLINE void find(const double* g, Index count, const Spread& spread) {
    const double inverse = 1.0 / spread.spacing, shift = static_cast<double>(spread.origin());
    for (Index j = 0; j < count; ++j) {
      const double t = g[j] * inverse + shift;
      cell[j] = static_cast<int>(t);
      place[j] = t - static_cast<double>(cell[j]) - 0.5;
    }
  }
};

template <int fixed>
void add_points(const double* g, const double* odds, Index count, int kept, Spread& spread) {
  const int orders = fixed > 0 ? fixed : kept;
  const Index size = spread.size();
  double* const weights = spread.weights.data();
  double* const mass = spread.mass.data();
  Places places;
  for (Index first = 0; first < count; first += stretch) {
    const Index last = std::min(count - first, stretch);
    places.find(g + first, last, spread);
    for (Index j = 0; j < last; ++j) {
      const double r = odds[first + j], v = places.place[j];
      const int cell = places.cell[j];
      Lanes w = load(lagrange.c[spread_taps - 1]);
      for (int n = spread_taps - 1; n-- > 0;) w = w * v + load(lagrange.c[n]);
      double* at = weights + cell - (spread_taps / 2 - 1);
      for (int n = 0; n < orders; ++n, at += size) {
        w = r * w;
        store(at, load(at) + w);
      }
      mass[cell] += r;
    }
  }
}

}  // namespace

void Spread::clear(double spacing_, double reach, int orders_) {
  spacing = spacing_;
  half = static_cast<Index>(std::ceil(reach / spacing)) + 1;
  orders = orders_;
  weights.assign(static_cast<std::size_t>(orders * size()), 0.0);
  mass.assign(static_cast<std::size_t>(size()), 0.0);
}

void Spread::remove_zero(double odds, int kept) {
  const Index at = origin();
  double power = odds;
  for (int n = 0; n < kept; ++n, power *= odds) {
    weights[static_cast<std::size_t>(n * size() + at)] -= power;
  }
  double& here = mass[static_cast<std::size_t>(at)];
  here = std::max(here - odds, 0.0);
}

void spread_points(const double* g, const double* odds, Index count, int kept, Spread& spread) {
  switch (kept) {
    case 1:
      return add_points<1>(g, odds, count, kept, spread);
    case 2:
      return add_points<2>(g, odds, count, kept, spread);
    case 3:
      return add_points<3>(g, odds, count, kept, spread);
    default:
      return add_points<0>(g, odds, count, kept, spread);
  }
}

void set_polynomials(const Spread& spread, const std::vector<double>& values, Index low, Index high,
                     Spread::Polynomials& polynomials) {
  polynomials.resize(spread_taps, spread.size() * spread.orders);
  const Index points = low + 1 + high, to_first = spread.origin() - low;
  for (Index cell = 0; cell < spread.size(); ++cell) {
    if (!(spread.mass[static_cast<std::size_t>(cell)] > 0.0)) continue;
    for (int n = 0; n < spread.orders; ++n) {
      const double* const f = values.data() + n * points + cell - to_first - (spread_taps / 2 - 1);
      auto polynomial = polynomials.col(cell * spread.orders + n);
      const Lanes at_points = load(f);
      for (int k = 0; k < spread_taps; ++k) {
        polynomial(k) = sum(at_points * load(lagrange.c[k]));
      }
    }
  }
}

void interpolate(const double* g, const double* odds, Index count, int kept, const Spread& spread,
                 const Spread::Polynomials& polynomials, double* result) {
  Places places;
  for (Index first = 0; first < count; first += stretch) {
    const Index last = std::min(count - first, stretch);
    places.find(g + first, last, spread);
    for (Index j = 0; j < last; ++j) {
      const double r = odds[first + j];
      Lanes power;
      set_powers(places.place[j], power);
      const double* const f =
          polynomials.data() + Index{spread_taps} * spread.orders * places.cell[j];
      Lanes series = broadcast(0.0);
      for (int n = kept; n-- > 0;) series = load(f + spread_taps * n) - r * series;
      result[first + j] = r * sum(series * power);
    }
  }
}

}  // namespace skeleta::exact
