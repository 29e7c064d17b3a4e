#pragma once

#include "skeleta/bounds/truncated_loss.h"

namespace skeleta::bounds {

/// Improves `model` by BFGS steps with a halved step length until nothing more is gained, and
/// returns its loss. Only ever an upper bound of the minimum: nothing rests on its success.
double descend(const TruncatedLoss& loss, ReluAutoencoder& model, int most_steps);

}  // namespace skeleta::bounds
