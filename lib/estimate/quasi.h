#pragma once

#include "estimate/setup.h"

namespace skeleta::estimate {

/// Makes a setup draw scrambled Sobol points, and runs a second pilot, which sees how far apart the
/// replicates are. Throws Interrupted.
void set_up_quasi(const Problem& problem, Setup& setup);

}  // namespace skeleta::estimate
