#pragma once

#include <vector>

#include "exact/whole_numbers.h"
#include "skeleta/exact/loss.h"
#include "skeleta/measure/features.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::exact {

/// An output may see so many features at most: those that can be active and have A_ij ≠ 0.
inline constexpr Index most_proven_features = 24;

/// The loss and its contributions, each between neighbouring doubles.
struct ProvenLoss {
  Rounded loss;
  std::vector<Rounded> contributions;  // C_0, …, C_D
};

/// Throws std::invalid_argument, saying why, if proven_loss does not know such a model.
void require_provable(const Autoencoder& model, const Features& features);

/// The loss of a ReLU model without noise on plain features: the closed forms of mathematics.md,
/// Proposition 3.9, in whole numbers, for the doubles that are given as they are. Same bits for any
/// number of threads. Cost: that of four pattern_sums for each output, of numbers that have some n
/// times the digits of a product of two entries of W.
ProvenLoss proven_loss(const Autoencoder& model, const Features& features, int threads);

/// Its derivatives, each the nearest double, with the conventions of Evaluator::loss_and_gradient.
/// Cost: that of some 1.5 D such losses.
Gradient proven_gradient(const Autoencoder& model, const Features& features, int threads);

}  // namespace skeleta::exact
