#include "exact/fine_error.h"

#include <algorithm>
#include <cmath>

namespace skeleta::exact {
namespace {

// Largest |η − E η|.
double range_of(const Row& row) {
  double low = 0.0, high = 0.0;
  for (Index n = row.fine_begin(); n < row.fine_end(); ++n) {
    const double g = row.g[static_cast<std::size_t>(n)];
    low += std::min(g, 0.0);
    high += std::max(g, 0.0);
  }
  return std::max(high - row.fine.mean, row.fine.mean - low);
}

}  // namespace

// Kinks, in scaled units (φ carries scale², the ramps scale), with m_r ~ E|η − Eη|^r:
//   no main feature: (−c)₊² at 0; −(−c)₊ in the derivative
//   only k: φ has (·)₊³/(3g) at 0 and g; φ₁ has (·)₊²/(2g)
//   only i: the same, and ψ has c₊³/(6g²) at 0 and about (g − c)₊²/(2g) at g; ∫t 1 has (·)₊²/(2g²)
//   at 0 and (·)₊/g at g
//   i and k: (·)₊³/(6 g g') at 0, g, g', g + g'; one power less in the derivative.
FineError fine_error(const Row& row) {
  FineError error;
  if (row.fine_count == 0) return error;
  const double range = range_of(row), scale = row.scale;
  const double m1 = std::sqrt(row.fine.variance), m2 = row.fine.variance, m3 = m2 * range;
  const auto near = [&](double kink) { return std::abs(row.c - row.fine.mean - kink) <= range; };
  const auto own = static_cast<std::size_t>(row.count);
  const double g = std::abs(row.g[own]), w = row.w[own], a = row.a[own];
  const double zero = near(0.0) ? 2.0 : 0.0, at_own = near(row.g[own]) ? 2.0 : 0.0;

  error.square = row.none * (a * zero * scale * scale * m2 +
                             w * (zero + at_own) * scale * scale * m3 / (3.0 * g) +
                             w * scale * (zero * m3 / (3.0 * g * g) + at_own * m2 / g));
  error.derivatives =
      row.none * (a * zero * scale * m1 + w * (zero + at_own) * scale * m2 / (2.0 * g) +
                  w * (zero * m2 / (2.0 * g * g) + at_own * m1 / g));
  for (std::size_t n = 0; n < own; ++n) {
    const double entry = std::abs(row.g[n]);
    const double single = zero + (near(row.g[n]) ? 2.0 : 0.0);
    const double pair = single + at_own + (near(row.g[n] + row.g[own]) ? 2.0 : 0.0);
    error.square += row.alone[n] * (a * single * scale * scale * m3 / (3.0 * entry) +
                                    w * pair * scale * m3 / (3.0 * g * entry));
    error.derivatives += row.alone[n] * (a * single * scale * m2 / (2.0 * entry) +
                                         w * pair * m2 / (2.0 * g * entry));
  }
  return error;
}

}  // namespace skeleta::exact
