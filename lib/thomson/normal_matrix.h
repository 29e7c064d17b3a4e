#pragma once

#include "skeleta/core/types.h"
#include "skeleta/sampling/stream.h"

namespace skeleta::thomson {

/// Columns with independent standard normal entries, rows × columns.
Matrix normal_matrix(Index rows, Index columns, sampling::PointStream& random);

}  // namespace skeleta::thomson
