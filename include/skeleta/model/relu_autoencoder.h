#pragma once

#include "skeleta/core/types.h"

namespace skeleta {

/// The toy autoencoder x ↦ ReLU(WᵀWx − b) with D features and d hidden dimensions.
struct ReluAutoencoder {
  Matrix W;  ///< d × D; column j is the embedding of feature j.
  Vector b;  ///< D thresholds, *subtracted* before the ReLU (PyTorch code stores −b as its bias).

  /// D.
  Index features() const { return W.cols(); }
  /// d.
  Index hidden() const { return W.rows(); }
};

/// Throws std::invalid_argument if W is empty, W and b disagree, or an entry is not finite.
void validate(const ReluAutoencoder& model);

/// Columns [first, first + count) of the Gram matrix G = WᵀW, D × count. Cost d·D·count.
Matrix gram_columns(const ReluAutoencoder& model, Index first, Index count);

/// The whole Gram matrix G = WᵀW, D × D. Cost d·D², memory D².
Matrix gram(const ReluAutoencoder& model);

/// x̂ = ReLU(WᵀWx − b) for a dense input x of D entries, by definition: the slow reference.
Vector reconstruct(const ReluAutoencoder& model, const Vector& x);

/// Σ_i v_i (x_i − x̂_i)² for a dense input x and importances v (D entries each): the slow reference.
double pointwise_loss(const ReluAutoencoder& model, const Vector& importance, const Vector& x);

}  // namespace skeleta
