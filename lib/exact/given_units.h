#pragma once

#include "skeleta/exact/loss.h"
#include "skeleta/measure/features.h"

namespace skeleta::exact {

/// A loss, its bound and that of its gradient in the caller's unit. Below the normal numbers of
/// double a loss keeps only some of its digits: then the bound says so, and the target may be
/// missed.
Loss in_given_units(Loss loss, const ScaledFeatures& unit, const Options& options);

}  // namespace skeleta::exact
