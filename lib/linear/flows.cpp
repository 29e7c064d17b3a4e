#include "skeleta/linear/flows.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "core/products.h"
#include "linear/symmetric.h"

namespace skeleta::linear {
namespace {

constexpr double symmetric = 1e-10;  // relative to the largest entry

void check_shape(const Matrix& W, const Matrix& Sigma) {
  if (W.size() > 0 && Sigma.rows() == W.cols() && Sigma.cols() == W.cols()) return;
  throw std::invalid_argument(
      fmt::format("Sigma is {} x {}, but W has {} columns", Sigma.rows(), Sigma.cols(), W.cols()));
}

// −½∇L, for shapes that fit.
LinearAutoencoder velocity_at(const LinearAutoencoder& model, const Matrix& Sigma) {
  const Matrix residual = Sigma - product(model.A, product(model.B, Sigma));
  return {product_transposed(residual, model.B), transposed_product(model.A, residual)};
}

// The flow is linear in Σ: that of Σ/2^e at the times 2^e t is the same. With the largest entry of
// Σ near 1 neither first steps nor products know in which unit Σ is.
class NaturalTime {
 public:
  NaturalTime(const Matrix& Sigma, const std::vector<double>& times) : times_(times) {
    const double largest = Sigma.cwiseAbs().maxCoeff();
    if (largest > 0.0) exponent_ = std::ilogb(largest);
    Sigma_ = Sigma.unaryExpr([&](double x) { return std::ldexp(x, -exponent_); });
    for (double& t : times_) t = std::ldexp(t, exponent_);
  }

  const Matrix& Sigma() const { return Sigma_; }

  optimize::FlowSummary flow(optimize::RightHandSide velocity, Vector& x,
                             const optimize::FlowOptions& options,
                             const optimize::FlowObserver& observer) const {
    auto summary = optimize::flow(velocity, x, times_, options, [&](double t, const Vector& at) {
      return observer(restored(t), at);
    });
    summary.time = restored(summary.time);
    return summary;
  }

 private:
  double restored(double t) const { return std::ldexp(t, -exponent_); }

  int exponent_ = 0;
  Matrix Sigma_;
  std::vector<double> times_;
};

// The parameters of a model one after the other, as optimize wants them.
Vector packed(const LinearAutoencoder& model) {
  Vector x(2 * model.A.size());
  x << model.A.reshaped(), model.B.reshaped();
  return x;
}

void unpack(const Vector& x, LinearAutoencoder& model) {
  model.A.reshaped() = x.head(model.A.size());
  model.B.reshaped() = x.tail(model.B.size());
}

}  // namespace

LinearAutoencoder untied_velocity(const LinearAutoencoder& model, const Matrix& Sigma) {
  validate(model);
  check_shape(model.B, Sigma);
  return velocity_at(model, Sigma);
}

Matrix imbalance(const LinearAutoencoder& model) {
  validate(model);
  return transposed_product(model.A, model.A) - product_transposed(model.B, model.B);
}

Matrix tied_velocity(TiedRule rule, const Matrix& W, const Matrix& Sigma) {
  check_shape(W, Sigma);
  const Matrix moved = product(W, Sigma), gram = product_transposed(W, W);
  const auto encoder = [&] { return Matrix(moved - product(gram, moved)); };  // W P Σ = (WWᵀ) W Σ
  const auto decoder = [&] { return Matrix(moved - product(product_transposed(moved, W), W)); };
  switch (rule) {
    case TiedRule::encoder:
      return encoder();
    case TiedRule::decoder:
      return decoder();
    case TiedRule::gradient:
      return encoder() + decoder();
  }
  throw std::logic_error("unknown TiedRule");
}

double tied_loss(const Matrix& W, const Matrix& Sigma) {
  return loss({W.transpose(), W}, Sigma);
}

double energy(const Matrix& W, double lambda) {
  const Index D = W.cols();
  return 0.25 * lambda * (Matrix::Identity(D, D) - transposed_product(W, W)).squaredNorm();
}

optimize::FlowSummary untied_flow(LinearAutoencoder& model, const Matrix& Sigma,
                                  const std::vector<double>& times,
                                  const optimize::FlowOptions& options,
                                  const UntiedObserver& observer) {
  validate(model);
  checked_asymmetry(Sigma, symmetric);
  check_shape(model.B, Sigma);
  const NaturalTime natural(Sigma, times);
  Vector x = packed(model);
  LinearAutoencoder at = model;
  const auto velocity = [&](double, const Vector& state, Vector& result) {
    unpack(state, at);
    result = packed(velocity_at(at, natural.Sigma()));
  };
  LinearAutoencoder shown = model;
  const auto summary = natural.flow(velocity, x, options, [&](double t, const Vector& s) {
    unpack(s, shown);
    return !observer || observer(t, shown);
  });
  unpack(x, model);
  return summary;
}

optimize::FlowSummary tied_flow(TiedRule rule, Matrix& W, const Matrix& Sigma,
                                const std::vector<double>& times,
                                const optimize::FlowOptions& options,
                                const TiedObserver& observer) {
  checked_asymmetry(Sigma, symmetric);
  check_shape(W, Sigma);
  const NaturalTime natural(Sigma, times);
  Vector x = W.reshaped();
  const Index d = W.rows(), D = W.cols();
  const auto velocity = [&](double, const Vector& state, Vector& result) {
    result.reshaped(d, D) = tied_velocity(rule, state.reshaped(d, D), natural.Sigma());
  };
  const auto summary = natural.flow(velocity, x, options, [&](double t, const Vector& s) {
    return !observer || observer(t, s.reshaped(d, D));
  });
  W = x.reshaped(d, D);
  return summary;
}

double mode_strength(double initial, double eigenvalue, double t) {
  return 1.0 / (1.0 + (1.0 / initial - 1.0) * std::exp(-2.0 * eigenvalue * t));
}

Vector mode_strengths(const LinearAutoencoder& model, const Spectrum& spectrum) {
  validate(model);
  check_shape(model.B, spectrum.eigenvectors);
  const Matrix& U = spectrum.eigenvectors;
  const Matrix decoded = transposed_product(U, model.A), encoded = product(model.B, U);
  return (decoded.array() * encoded.transpose().array()).rowwise().sum();
}

}  // namespace skeleta::linear
