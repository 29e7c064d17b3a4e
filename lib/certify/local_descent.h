#pragma once

#include "bounds/truncated_loss.h"

namespace skeleta::certify {

/// Improves `model` by some steps of L-BFGS. Only ever an upper bound of the minimum: nothing rests
/// on its success.
void descend(const bounds::TruncatedLoss& loss, Autoencoder& model);

}  // namespace skeleta::certify
