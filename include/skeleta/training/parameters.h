#pragma once

#include "skeleta/core/types.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::training {

/// Number of parameters of a tied model: D(d + 1).
inline Index parameter_count(Index features, Index hidden) {
  return features * (hidden + 1);
}

/// Of a model of any form.
inline Index parameter_count(const Autoencoder& model) {
  return model.W.size() + model.W_out.size() + model.b.size();
}

/// A model as one vector: W column by column (w_1, …, w_D), then W_out likewise unless it is tied,
/// then b.
Vector to_parameters(const Autoencoder& model);

/// The inverse; `model` has the form. Does not allocate.
void from_parameters(const Vector& parameters, Autoencoder& model);

/// The gradient in the same order. Does not allocate if `gradient` has the size.
void to_parameters(const Matrix& dW, const Vector& db, Vector& gradient);
/// Likewise; dW_out is empty for a tied model.
void to_parameters(const Matrix& dW, const Matrix& dW_out, const Vector& db, Vector& gradient);

}  // namespace skeleta::training
