#include "skeleta/geometry/column_geometry.h"

#include <limits>

#include "geometry/columns.h"
#include "skeleta/geometry/congruence.h"
#include "skeleta/geometry/feature_dimensionality.h"

namespace skeleta::geometry {
namespace {

ColumnGeometry describe(const Matrix& W) {
  ColumnGeometry result;
  result.dimensionality = feature_dimensionality(W);
  result.norm = directions(W).norms;
  result.dimensions_per_feature = dimensions_per_feature(W);
  result.coherence = coherence(W);
  const Index n = result.coherence.columns, d = W.rows();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  result.signed_bound = n < 2 ? nan : signed_coherence_bound(n, d);
  result.welch_bound = n < 2 ? nan : welch_bound(n, d);
  result.orthoplex_bound = n < 2 ? nan : orthoplex_bound(n, d);
  return result;
}

}  // namespace

std::vector<ColumnGeometry> describe_columns(std::span<const Matrix> weights) {
  std::vector<ColumnGeometry> result;
  for (const Matrix& W : weights) {
    result.push_back(describe(W));
    if (result.size() == 1) continue;
    result.back().distance_to_first = congruence(W, weights.front()).rms;
  }
  return result;
}

}  // namespace skeleta::geometry
