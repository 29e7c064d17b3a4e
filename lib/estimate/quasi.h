#pragma once

#include "estimate/setup.h"

namespace skeleta::estimate {

/// Strata of scrambled Sobol points. Runs a second pilot, which sees how far apart the replicates
/// are. Throws Interrupted.
Setup set_up_quasi(const Problem& problem, const Survey& survey);

}  // namespace skeleta::estimate
