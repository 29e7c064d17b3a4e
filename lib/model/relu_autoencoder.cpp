#include "skeleta/model/relu_autoencoder.h"

#include <fmt/format.h>

#include <stdexcept>

#include "core/products.h"

namespace skeleta {

void validate(const ReluAutoencoder& model) {
  if (model.W.size() == 0) {
    throw std::invalid_argument(fmt::format(
        "W is {} x {}: it must have at least one row and column", model.W.rows(), model.W.cols()));
  }
  if (model.b.size() != model.features()) {
    throw std::invalid_argument(
        fmt::format("b has {} entries, but W is {} x {}: b needs one entry "
                    "for each of the {} columns (features) of W",
                    model.b.size(), model.hidden(), model.features(), model.features()));
  }
  for (Index j = 0; j < model.features(); ++j) {
    for (Index k = 0; k < model.hidden(); ++k) {
      if (!std::isfinite(model.W(k, j))) {
        throw std::invalid_argument(
            fmt::format("W[{}, {}] = {} is not a finite number", k, j, model.W(k, j)));
      }
    }
    if (!std::isfinite(model.b(j))) {
      throw std::invalid_argument(fmt::format("b[{}] = {} is not a finite number", j, model.b(j)));
    }
  }
}

Matrix gram_columns(const ReluAutoencoder& model, Index first, Index count) {
  return transposed_product(model.W, model.W.middleCols(first, count));
}

Matrix gram(const ReluAutoencoder& model) {
  return gram_columns(model, 0, model.features());
}

Vector reconstruct(const ReluAutoencoder& model, const Vector& x) {
  const Vector h = model.W * x;
  return (model.W.transpose() * h - model.b).cwiseMax(0.0);
}

double pointwise_loss(const ReluAutoencoder& model, const Vector& importance, const Vector& x) {
  return importance.dot((x - reconstruct(model, x)).cwiseAbs2());
}

}  // namespace skeleta
