#pragma once

#include "skeleta/core/types.h"

namespace skeleta::linear {

/// x ↦ ABx with D features and d hidden dimensions.
struct LinearAutoencoder {
  Matrix A;  ///< D × d, the decoder.
  Matrix B;  ///< d × D, the encoder.

  /// D.
  Index features() const { return A.rows(); }
  /// d.
  Index hidden() const { return A.cols(); }
};

/// Throws std::invalid_argument if A or B is empty, their shapes do not fit together, or an entry
/// is not finite.
void validate(const LinearAutoencoder& model);

/// ABX for data in the columns of X (D × T).
Matrix predict(const LinearAutoencoder& model, const Matrix& X);

/// Σ = XXᵀ, D × D, of data in the columns of X (D × T): a sum, not a mean.
Matrix second_moment(const Matrix& X);

/// ‖X − ABX‖_F² = Σ_t |x_t − ABx_t|². Cost D·d·T.
double data_loss(const LinearAutoencoder& model, const Matrix& X);

/// The same for data with second moment Σ: tr Σ − 2 tr(ABΣ) + tr(ABΣBᵀAᵀ). Cost D²·d. Accuracy:
/// ε·tr Σ·(1 + ‖AB‖²), absolute. Throws std::invalid_argument if the shapes disagree.
double loss(const LinearAutoencoder& model, const Matrix& Sigma);

/// ∂L/∂A = −2(Σ − ABΣ)Bᵀ and ∂L/∂B = −2Aᵀ(Σ − ABΣ). Throws as loss() does.
LinearAutoencoder gradient(const LinearAutoencoder& model, const Matrix& Sigma);

}  // namespace skeleta::linear
