#pragma once

#include "skeleta/core/types.h"

namespace skeleta::geometry {

/// Throws std::invalid_argument unless the matrix has entries and all are finite.
void check_columns(const char* name, const Matrix& W);

/// The columns of W with their lengths split off; a zero column stays zero.
struct Directions {
  Matrix unit;   // d × D
  Vector norms;  // D
};
Directions directions(const Matrix& W);

inline constexpr Index block_columns = 64;  // inner products of so many columns with all others

}  // namespace skeleta::geometry
