#include "thomson/unit_columns.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

namespace skeleta::thomson {

void check_unit_columns(const char* name, const Matrix& X) {
  if (X.size() == 0) {
    throw std::invalid_argument(fmt::format("{} ({} x {}) must have at least one row and column",
                                            name, X.rows(), X.cols()));
  }
  for (Index j = 0; j < X.cols(); ++j) {
    const double length = X.col(j).norm();
    if (std::abs(length - 1.0) <= 1e-6) continue;  // false for NaN
    throw std::invalid_argument(
        fmt::format("{}: column {} has length {}, but it must be 1", name, j, length));
  }
}

}  // namespace skeleta::thomson
