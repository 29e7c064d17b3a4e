#include "geometry/columns.h"

#include <fmt/format.h>

#include <stdexcept>

namespace skeleta::geometry {

void check_columns(const char* name, const Matrix& W) {
  if (W.size() == 0) {
    throw std::invalid_argument(fmt::format(
        "{} is {} x {}: it must have at least one row and column", name, W.rows(), W.cols()));
  }
  if (!W.allFinite())
    throw std::invalid_argument(fmt::format("{} has an entry that is not finite", name));
}

Directions directions(const Matrix& W) {
  Directions result{W, Vector(W.cols())};
  for (Index j = 0; j < W.cols(); ++j) {
    result.norms(j) = W.col(j).stableNorm();
    if (result.norms(j) > 0.0) result.unit.col(j) /= result.norms(j);
  }
  return result;
}

}  // namespace skeleta::geometry
