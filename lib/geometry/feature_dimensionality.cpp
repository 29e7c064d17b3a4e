#include "skeleta/geometry/feature_dimensionality.h"

#include <cmath>

#include "core/products.h"
#include "geometry/columns.h"
#include "skeleta/core/cancellation.h"

namespace skeleta::geometry {
namespace {

constexpr NamedDimensionality named[] = {{"tetrahedron", 3, 4},
                                         {"triangle", 2, 3},
                                         {"digon", 1, 2},
                                         {"pentagon", 2, 5},
                                         {"antiprism", 3, 8}};

// 1/D_i = Σ_j (ŵ_i·ŵ_j)² (|w_j|/|w_i|)², whose term j = i is 1: no small difference, no overflow of
// squares before the ratio is formed.
double dimensionality(const Directions& columns, Index i, const auto& cosines) {
  if (columns.norms(i) == 0.0) return 0.0;
  double others = 0.0;
  for (Index j = 0; j < columns.norms.size(); ++j) {
    if (j == i || cosines(j) == 0.0) continue;  // 0 times an infinite ratio is 0 here
    const double term = cosines(j) * (columns.norms(j) / columns.norms(i));
    others += term * term;
  }
  return 1.0 / (1.0 + others);
}

}  // namespace

Vector feature_dimensionality(const Matrix& W) {
  check_columns("W", W);
  const Directions columns = directions(W);
  Vector result(W.cols());
  for (Index first = 0; first < W.cols(); first += block_columns) {
    poll();
    const Index count = std::min(block_columns, W.cols() - first);
    const Matrix cosines = transposed_product(columns.unit, columns.unit.middleCols(first, count));
    for (Index k = 0; k < count; ++k) {
      result(first + k) = dimensionality(columns, first + k, cosines.col(k));
    }
  }
  return result;
}

double dimensions_per_feature(const Matrix& W) {
  check_columns("W", W);
  const double norm = W.stableNorm();
  return static_cast<double>(W.rows()) / norm / norm;
}

std::span<const NamedDimensionality> named_dimensionalities() {
  return named;
}

const NamedDimensionality* nearest_named(double value, double tolerance) {
  const NamedDimensionality* best = nullptr;
  double least = tolerance;
  for (const NamedDimensionality& candidate : named) {
    const double distance = std::abs(candidate.value() - value);
    if (!(distance <= least)) continue;  // NaN is near to nothing
    least = distance;
    best = &candidate;
  }
  return best;
}

}  // namespace skeleta::geometry
