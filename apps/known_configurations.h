#pragma once

#include <vector>

#include "skeleta/core/types.h"

namespace skeleta::program {

/// Unit columns of 2, …, D points in R^d that are worth a try as columns of a model: those with a
/// name, and where there are none for up to 16 points in up to 4 dimensions the Thomson
/// configuration that a few descents find. The same for the same sizes. Cost some milliseconds.
std::vector<Matrix> known_configurations(Index features, Index hidden);

}  // namespace skeleta::program
