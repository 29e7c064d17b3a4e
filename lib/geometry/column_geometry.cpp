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

// A start costs D³; a large W may take about as long as a small one has for all of its starts.
CongruenceOptions affordable(Index features) {
  CongruenceOptions options;
  if (features > 100) options = {.beam = 64, .refined = 2};
  if (features > 500) options = {.beam = 16, .refined = 1};
  return options;
}

}  // namespace

std::vector<ColumnGeometry> describe_columns(std::span<const Matrix> weights) {
  std::vector<ColumnGeometry> result;
  for (const Matrix& W : weights) {
    result.push_back(describe(W));
    if (result.size() == 1) continue;
    result.back().distance_to_first = congruence(W, weights.front(), affordable(W.cols())).rms;
  }
  return result;
}

}  // namespace skeleta::geometry
