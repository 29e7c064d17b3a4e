#pragma once

#include "skeleta/core/types.h"

namespace skeleta::thomson {

/// Throws std::invalid_argument unless X has entries and columns of length 1 to 1e-6.
void check_unit_columns(const char* name, const Matrix& X);

}  // namespace skeleta::thomson
