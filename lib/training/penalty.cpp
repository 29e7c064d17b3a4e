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

}  // namespace skeleta::training
