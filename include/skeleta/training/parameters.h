#pragma once

#include "skeleta/core/types.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::training {

/// Number of parameters of a model: D(d + 1).
inline Index parameter_count(Index features, Index hidden) {
  return features * (hidden + 1);
}

/// A model as one vector: W column by column (w_1, …, w_D), then b.
Vector to_parameters(const Autoencoder& model);

/// The inverse; `model` has the shape. Does not allocate.
void from_parameters(const Vector& parameters, Autoencoder& model);

/// The gradient in the same order. Does not allocate if `gradient` has the size.
void to_parameters(const Matrix& dW, const Vector& db, Vector& gradient);

}  // namespace skeleta::training
