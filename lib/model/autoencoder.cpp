#include "skeleta/model/autoencoder.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>
#include <string>

#include "core/products.h"
#include "core/require.h"

namespace skeleta {
namespace {

void require_finite(const Matrix& matrix, const char* name) {
  for (Index j = 0; j < matrix.cols(); ++j) {
    for (Index k = 0; k < matrix.rows(); ++k) {
      if (std::isfinite(matrix(k, j))) continue;
      throw std::invalid_argument(
          fmt::format("{}[{}, {}] = {} is not a finite number", name, k, j, matrix(k, j)));
    }
  }
}

void require_entries(const Vector& vector, const Autoencoder& model, const char* name) {
  if (vector.size() == model.features()) return;
  throw std::invalid_argument(
      fmt::format("{0} has {1} entries, but W is {2} x {3}: {0} needs one entry "
                  "for each of the {3} columns (features) of W",
                  name, vector.size(), model.hidden(), model.features()));
}

void validate_decoder(const Autoencoder& model) {
  require(model.W_out.rows() == model.features() && model.W_out.cols() == model.hidden(),
          fmt::format("W_out is {} x {}, but W is {} x {}: W_out must be {} x {}",
                      model.W_out.rows(), model.W_out.cols(), model.hidden(), model.features(),
                      model.features(), model.hidden()));
  require_finite(model.W_out, "W_out");
}

void validate_jump(const Autoencoder& model) {
  if (model.activation != Activation::jumprelu) {
    if (model.jump.size() == 0) return;
    throw std::invalid_argument("jump is for the activation jumprelu only");
  }
  require(model.jump.size() != 0, "jumprelu needs jump, one number for each feature");
  require_entries(model.jump, model, "jump");
  for (Index j = 0; j < model.features(); ++j) {
    const double jump = model.jump(j);
    if (jump >= 0.0 && std::isfinite(jump)) continue;
    throw std::invalid_argument(
        fmt::format("jump[{}] = {} must be finite and not negative", j, jump));
  }
}

}  // namespace

void validate(const Autoencoder& model) {
  if (model.W.size() == 0) {
    throw std::invalid_argument(fmt::format(
        "W is {} x {}: it must have at least one row and column", model.W.rows(), model.W.cols()));
  }
  require_finite(model.W, "W");
  require_entries(model.b, model, "b");
  for (Index j = 0; j < model.features(); ++j) {
    if (std::isfinite(model.b(j))) continue;
    throw std::invalid_argument(fmt::format("b[{}] = {} is not a finite number", j, model.b(j)));
  }
  if (!model.tied()) validate_decoder(model);
  validate_jump(model);
  if (!(model.noise >= 0.0 && std::isfinite(model.noise))) {
    throw std::invalid_argument(
        fmt::format("the hidden noise {} must be finite and not negative", model.noise));
  }
}

void require_tied_relu(const Autoencoder& model, std::string_view what) {
  if (model.tied_relu()) return;
  const auto why = [&]() -> std::string {
    if (!model.tied()) return "untied weights";
    if (model.noise != 0.0) return fmt::format("hidden noise {}", model.noise);
    return "the activation " + to_string(model.activation);
  };
  throw std::invalid_argument(
      fmt::format("{} knows only ReLU models with tied weights and no noise, not {}", what, why()));
}

Matrix gram_columns(const Autoencoder& model, Index first, Index count) {
  return transposed_product(model.W, model.W.middleCols(first, count));
}

Matrix gram(const Autoencoder& model) {
  return gram_columns(model, 0, model.features());
}

Matrix output_weights(const Autoencoder& model, Index first, Index count) {
  if (model.tied()) return gram_columns(model, first, count);
  return transposed_product(model.W, model.W_out.middleRows(first, count).transpose());
}

double output_noise(const Autoencoder& model, Index i) {
  const double size = model.tied() ? model.W.col(i).norm() : model.W_out.row(i).norm();
  const double spread = model.noise * size;  // σ² may be no number
  return spread * spread;
}

Vector reconstruct(const Autoencoder& model, const Vector& x) {
  const Vector h = model.W * x;
  const Vector z =
      (model.tied() ? Vector(model.W.transpose() * h) : Vector(model.W_out * h)) - model.b;
  switch (model.activation) {
    case Activation::relu:
      return z.cwiseMax(0.0);
    case Activation::identity:
      return z;
    case Activation::jumprelu:
      return (z.array() > model.jump.array()).select(z, 0.0);
  }
  return z;
}

double pointwise_loss(const Autoencoder& model, const Vector& importance, const Vector& x) {
  return importance.dot((x - reconstruct(model, x)).cwiseAbs2());
}

}  // namespace skeleta
