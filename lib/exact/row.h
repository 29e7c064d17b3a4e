#pragma once

#include <vector>

#include "exact/fine_law.h"
#include "exact/lanes.h"
#include "skeleta/core/types.h"

/// One output i of the autoencoder as the contour sums see it: z = Σ_k g_k x_k and a threshold c.
///
/// Everything is in units of `scale` = max_k |G_ik|, so that no exponential depends on how large
/// the weights are. Entries below 2^-60 of it are left out of z (`dropped` bounds what that
/// changes), as are features of density 0. Small entries may be "fine" (fine_law.h),
/// feature i and all others are "main". Each feature is a factor a + w h(s g) of the generating
/// function. For main ones a = 1, w = p/(1 − p) with a common factor `mass` = Π(1 − p) if that does
/// not underflow
/// ("unit" form, cheaper); a = 1 − p, w = p and mass = 1 otherwise, and always for fine ones.
namespace skeleta::exact {

constexpr double negligible = 0x1p-60;  ///< Scaled entries up to this are left out of z.

struct Row {
  Index own = 0;         ///< i
  Index count = 0;       ///< Main features other than i. Arrays: these, then feature i at [count],
  Index fine_count = 0;  ///< then so many fine ones; padding; then the points of `fine` (only g).
  std::vector<Index> feature;  ///< Which feature each is.
  std::vector<double> g, w, a;
  std::vector<double> alone;  ///< w_k Π_{j ≠ k, i} a_j: only k active among the others.
  std::vector<double> idle;   ///< Densities of the features left out of z.
  double none = 1.0;          ///< Π a over the others.
  double mass = 1.0;
  double scale = 1.0;
  double threshold = 0.0;  ///< b_i, not scaled.
  double c = 0.0;          ///< b_i / scale
  double dropped = 0.0;  ///< Σ |G_ik| √(p_k/3) over the entries left out: √E of their square.
  bool unit = true;
  FineLaw fine;  ///< Scaled.

  Index fine_begin() const { return count + 1; }
  Index fine_end() const { return count + 1 + fine_count; }
  Index points_begin() const;
  double probability(Index n) const {
    const auto at = static_cast<std::size_t>(n);
    return w[at] / (a[at] + w[at]);
  }

  void resize(Index features);
};

/// Reads output `own` from column `gram` of G (G is symmetric). Entries up to `fine_limit` of the
/// largest are fine, unless there are others up to eight times that.
void read_row(const double* gram, double threshold, Index own, const Vector& density,
              double fine_limit, Row& row);

/// Number of array entries up to `count` rounded up to whole lanes: what vector loops cover.
constexpr Index padded(Index count) {
  return (count + lane_count - 1) / lane_count * lane_count;
}

/// Size of arrays that hold all features and points of a row.
constexpr Index row_size(Index features) {
  return padded(features + 1) + lane_count;
}

inline Index Row::points_begin() const {
  return padded(fine_end());
}

}  // namespace skeleta::exact
