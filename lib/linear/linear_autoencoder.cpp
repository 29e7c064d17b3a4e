#include "skeleta/linear/linear_autoencoder.h"

#include <fmt/format.h>

#include <stdexcept>

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
  return model.A * (model.B * X);
}

Matrix second_moment(const Matrix& X) {
  return X * X.transpose();
}

double data_loss(const LinearAutoencoder& model, const Matrix& X) {
  return (X - predict(model, X)).squaredNorm();
}

double loss(const LinearAutoencoder& model, const Matrix& Sigma) {
  check_moment(model, Sigma);
  const Matrix code = model.B * Sigma;  // d × D
  const double linear = (model.A * code).trace();
  const double square = (model.A.transpose() * model.A * code * model.B.transpose()).trace();
  return Sigma.trace() - 2.0 * linear + square;
}

LinearAutoencoder gradient(const LinearAutoencoder& model, const Matrix& Sigma) {
  check_moment(model, Sigma);
  const Matrix rest = Sigma - model.A * (model.B * Sigma);
  return {-2.0 * rest * model.B.transpose(), -2.0 * model.A.transpose() * rest};
}

}  // namespace skeleta::linear
