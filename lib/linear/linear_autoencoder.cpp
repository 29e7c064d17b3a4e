#include "skeleta/linear/linear_autoencoder.h"

#include <fmt/format.h>

#include <stdexcept>

#include "core/products.h"

namespace skeleta::linear {
namespace {

void check_moment(const LinearAutoencoder& model, const Matrix& Sigma) {
  validate(model);
  if (Sigma.rows() == model.features() && Sigma.cols() == model.features()) return;
  throw std::invalid_argument(fmt::format("Sigma is {} x {}, but the model has {} features",
                                          Sigma.rows(), Sigma.cols(), model.features()));
}

void check_data(const LinearAutoencoder& model, const Matrix& X) {
  validate(model);
  if (X.rows() == model.features()) return;
  throw std::invalid_argument(
      fmt::format("X has {} rows, but the model has {} features", X.rows(), model.features()));
}

}  // namespace

void validate(const LinearAutoencoder& model) {
  const Matrix &A = model.A, &B = model.B;
  if (A.size() == 0 || A.rows() != B.cols() || A.cols() != B.rows()) {
    throw std::invalid_argument(
        fmt::format("A is {} x {} and B is {} x {}: A must be D x d and B d x D", A.rows(),
                    A.cols(), B.rows(), B.cols()));
  }
  if (!A.allFinite() || !B.allFinite()) {
    throw std::invalid_argument("A or B has an entry that is not finite");
  }
}

Matrix predict(const LinearAutoencoder& model, const Matrix& X) {
  check_data(model, X);
  return product(model.A, product(model.B, X));
}

Matrix second_moment(const Matrix& X) {
  return product_transposed(X, X);
}

double data_loss(const LinearAutoencoder& model, const Matrix& X) {
  return (X - predict(model, X)).squaredNorm();
}

double loss(const LinearAutoencoder& model, const Matrix& Sigma) {
  check_moment(model, Sigma);
  const Matrix code = product(model.B, Sigma);  // d × D
  const double linear = product(code, model.A).trace();
  const double square =
      product(transposed_product(model.A, model.A), product_transposed(code, model.B)).trace();
  return Sigma.trace() - 2.0 * linear + square;
}

LinearAutoencoder gradient(const LinearAutoencoder& model, const Matrix& Sigma) {
  check_moment(model, Sigma);
  const Matrix rest = Sigma - product(model.A, product(model.B, Sigma));
  return {-2.0 * product_transposed(rest, model.B), -2.0 * transposed_product(model.A, rest)};
}

}  // namespace skeleta::linear
