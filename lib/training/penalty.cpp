#include "skeleta/training/penalty.h"

#include <fmt/format.h>

#include <cmath>

#include "core/products.h"
#include "core/require.h"

namespace skeleta::training {

void validate(const Penalty& penalty) {
  const auto not_negative = [](const char* name, double value) {
    require(value >= 0.0 && std::isfinite(value),
            fmt::format("{} = {} must be finite and not negative", name, value));
  };
  not_negative("interference", penalty.interference);
  not_negative("decay", penalty.decay);
}

double add_penalty(const Penalty& penalty, const Autoencoder& model, Vector& gradient) {
  const Matrix& W = model.W;
  double value = 0.0;
  if (penalty.interference > 0.0) {
    const Matrix C = product_transposed(W, W);
    const Vector squares = W.colwise().squaredNorm().transpose();
    value += penalty.interference * (C.squaredNorm() - squares.squaredNorm());
    const Matrix slope = product(C, W) - W * squares.asDiagonal();
    gradient.head(W.size()) += 4.0 * penalty.interference * slope.reshaped();
  }
  if (penalty.decay > 0.0) {
    value += penalty.decay * (W.squaredNorm() + model.W_out.squaredNorm());
    gradient.head(W.size()) += 2.0 * penalty.decay * W.reshaped();
    gradient.segment(W.size(), model.W_out.size()) += 2.0 * penalty.decay * model.W_out.reshaped();
  }
  return value;
}

// The derivative of 4(CW − W diag |w_i|²), C = WWᵀ, along dW.
void add_penalty_times(const Penalty& penalty, const Autoencoder& model, const Vector& direction,
                       Vector& product) {
  const Matrix& W = model.W;
  if (penalty.interference > 0.0) {
    const Matrix V = direction.head(W.size()).reshaped(W.rows(), W.cols());
    const Matrix half = product_transposed(V, W), C = product_transposed(W, W);
    const Matrix moved = half + half.transpose();
    const Vector squares = W.colwise().squaredNorm().transpose();
    const Vector change = 2.0 * (W.cwiseProduct(V)).colwise().sum().transpose();
    const Matrix slope = skeleta::product(moved, W) + skeleta::product(C, V) -
                         V * squares.asDiagonal() - W * change.asDiagonal();
    product.head(W.size()) += 4.0 * penalty.interference * slope.reshaped();
  }
  const Index weights = W.size() + model.W_out.size();
  product.head(weights) += 2.0 * penalty.decay * direction.head(weights);
}

// Of λ Σ_{i≠j} c_ij², c_ij = ⟨w_i, w_j⟩: 4λ Σ_{j≠i} w_j w_jᵀ for w_i alone, and 4λ (c_ij + w_j
// w_iᵀ) for w_i and w_j.
void add_penalty_hessian(const Penalty& penalty, const Autoencoder& model, Matrix& hessian) {
  const Matrix& W = model.W;
  const Index d = model.hidden(), D = model.features(), weights = W.size() + model.W_out.size();
  hessian.diagonal().head(weights).array() += 2.0 * penalty.decay;
  const double scale = 4.0 * penalty.interference;
  for (Index i = 0; penalty.interference > 0.0 && i < D; ++i) {
    for (Index j = 0; j < D; ++j) {
      if (i == j) continue;
      const double c = W.col(i).dot(W.col(j));
      for (Index a = 0; a < d; ++a) {
        for (Index e = 0; e < d; ++e) {
          hessian(i * d + a, i * d + e) += scale * W(a, j) * W(e, j);
          hessian(i * d + a, j * d + e) += scale * W(a, j) * W(e, i);
        }
        hessian(i * d + a, j * d + a) += scale * c;
      }
    }
  }
}

}  // namespace skeleta::training
