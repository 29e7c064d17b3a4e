#include "skeleta/training/objectives.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "core/products.h"
#include "skeleta/exact/hessian.h"
#include "skeleta/measure/value_law.h"
#include "skeleta/training/parameters.h"

namespace skeleta::training {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

Autoencoder shape(const Features& features, Index hidden) {
  if (hidden < 1) {
    throw std::invalid_argument(fmt::format("hidden = {} must be at least 1", hidden));
  }
  return {Matrix::Zero(hidden, features.size()), Vector::Zero(features.size())};
}

// A descent goes on from a model whose loss cannot be told.
exact::Options reporting(exact::Options options) {
  options.refuse_unreachable = false;
  return options;
}

// Far beyond where any loss falls; products of such entries stay within double.
bool in_range(const Vector& x) {
  return x.allFinite() && x.cwiseAbs().maxCoeff() < 1e60;
}

constexpr Index closed = 2;  // skeletons up to this have closed forms, for some problems

bool has_closed_forms(const Features& features, const Autoencoder& form) {
  return features.plain() && form.tied_relu();
}

}  // namespace

ExactObjective::ExactObjective(Features features, Index hidden, const exact::Options& options)
    : evaluator_(features, reporting(options)), model_(shape(features, hidden)) {}

ExactObjective::ExactObjective(Features features, Autoencoder form, const exact::Options& options)
    : evaluator_(std::move(features), reporting(options)), model_(std::move(form)) {}

double ExactObjective::operator()(const Vector& x, Vector& gradient) {
  if (!in_range(x)) return undefined;
  from_parameters(x, model_);
  last_ = evaluator_.loss_and_gradient(model_, gradient_);
  unmet_ += !last_.met_target();
  to_parameters(gradient_.dW, gradient_.dW_out, gradient_.db, gradient);
  return last_.value;
}

void ExactObjective::times(const Vector& direction, Vector& product) {
  constexpr double share = 1e-3;  // of the gradient's nodes: the least number
  times(direction, share, product);
}

double ExactObjective::fine_times(const Vector& direction, Vector& product) {
  return times(direction, 2.0, product);
}

double ExactObjective::times(const Vector& direction, double more_nodes, Vector& product) {
  Autoencoder moved = model_;
  from_parameters(direction, moved);
  direction_ = {std::move(moved.W), std::move(moved.b), std::move(moved.W_out)};
  const double error = evaluator_.hessian_times(direction_, product_, more_nodes);
  to_parameters(product_.dW, product_.dW_out, product_.db, product);
  return error;
}

ClosedObjective::ClosedObjective(Features features, Autoencoder form)
    : features_(std::move(features)), model_(std::move(form)) {
  const bool few = features_.size() <= exact::ClosedLoss::most_features;
  if (few && has_closed_forms(features_, model_)) few_.emplace(features_);
}

double ClosedObjective::operator()(const Vector& x, Vector& gradient) {
  x_ = x;
  if (!in_range(x)) return undefined;
  gradient.resize(x.size());
  if (few_) {
    hessian_.resize(0, 0);
    return (*few_)(x, gradient);
  }
  from_parameters(x, model_);
  const CountRange all{0, features_.size()};
  exact::Hessian whole = exact::hessian(model_, features_, all);
  gradient = whole.gradient;
  hessian_ = std::move(whole.matrix);
  return whole.value;
}

void ClosedObjective::times(const Vector& direction, Vector& product) {
  if (hessian_.size() == 0) {
    Vector gradient(x_.size());
    (*few_)(x_, gradient, hessian_);
  }
  product = hessian_ * direction;
}

CountRange SparseObjective::summed(const Features& features, const Autoencoder& form,
                                   CountRange skeletons) {
  if (!has_closed_forms(features, form)) return skeletons;
  return {std::max(skeletons.first, closed + 1), skeletons.last};
}

SparseObjective::SparseObjective(Features features, Autoencoder form, CountRange skeletons,
                                 double factor, int threads)
    : features_(features),
      skeletons_(skeletons),
      factor_(factor),
      threads_(threads),
      model_(std::move(form)) {
  const CountRange beyond = summed(features, model_, skeletons);
  if (beyond != skeletons) {
    low_.emplace(features, CountRange{skeletons.first, std::min(skeletons.last, closed)}, threads);
  }
  if (beyond.empty()) return;
  exact::Options options;
  options.error_control = exact::ErrorControl::estimated;
  options.relative_target = 1e-10;
  options.absolute_target = 1e-14 * features.importance.sum();
  options.gradient_target = 1e-8;
  options.threads = threads;
  beyond_.emplace(features, beyond, reporting(options));
}

SparseObjective::SparseObjective(Features features, Index hidden, CountRange skeletons,
                                 double factor, int threads)
    : SparseObjective(features, shape(features, hidden), skeletons, factor, threads) {}

SparseObjective SparseObjective::one_sparse(Features features, Autoencoder form, int threads) {
  validate(features);
  const double probability = ActiveCount(features.data_law().activity).probability(1);
  if (!(probability > 0.0)) {
    throw std::invalid_argument(
        "the mean on one active feature does not exist: these densities never have exactly one");
  }
  return {std::move(features), std::move(form), {1, 1}, 1.0 / probability, threads};
}

SparseObjective SparseObjective::one_sparse(Features features, Index hidden, int threads) {
  Autoencoder form = shape(features, hidden);
  return one_sparse(std::move(features), std::move(form), threads);
}

SparseObjective SparseObjective::k_sparse(Features features, Autoencoder form, Index k,
                                          int threads) {
  return {std::move(features), std::move(form), {0, k}, 1.0, threads};
}

SparseObjective SparseObjective::k_sparse(Features features, Index hidden, Index k, int threads) {
  Autoencoder form = shape(features, hidden);
  return k_sparse(std::move(features), std::move(form), k, threads);
}

double SparseObjective::operator()(const Vector& x, Vector& gradient) {
  if (!in_range(x)) return undefined;
  from_parameters(x, model_);
  hessian_.resize(0, 0);
  double value = low_ ? low_->loss_and_gradient(model_, gradient_.dW, gradient_.db) : 0.0;
  if (beyond_) {
    value += beyond_->loss_and_gradient(model_, low_ ? part_ : gradient_).value;
    if (low_) {
      gradient_.dW += part_.dW;
      gradient_.db += part_.db;
    }
  }
  to_parameters(gradient_.dW, gradient_.dW_out, gradient_.db, gradient);
  gradient *= factor_;
  return factor_ * value;
}

void SparseObjective::times(const Vector& direction, Vector& product) {
  if (!low_ || beyond_) {
    if (hessian_.size() == 0) {
      hessian_ = exact::hessian(model_, features_, skeletons_, factor_, threads_).matrix;
    }
    product.noalias() = hessian_ * direction;
    return;
  }
  Autoencoder moved = model_;
  from_parameters(direction, moved);
  low_->hessian_times(moved.W, moved.b, gradient_.dW, gradient_.db);
  to_parameters(gradient_.dW, gradient_.db, product);
  product *= factor_;
}

LinearObjective::LinearObjective(Features features, Index hidden)
    : features_(std::move(features)), hidden_(hidden) {
  validate(features_);
  shape(features_, hidden);
  if (!features_.plain()) {
    moments_ = moment_matrix(*features_.law);
    return;
  }
  q_ = means(features_.density);
  m_ = second_moments(features_.density) - q_.cwiseAbs2();
}

// ∂L/∂R = 2 v R M = 2 v (R diag(m) + (Rq) qᵀ) = −Γ, and dW = W(Γ + Γᵀ).
double LinearObjective::operator()(const Vector& x, Vector& gradient) {
  if (!in_range(x)) return undefined;
  const Index count = features_.size();
  const Eigen::Map<const Matrix> W(x.data(), hidden_, count);
  residual_.resize(count, count);
  set_transposed_product(W, W, residual_);
  residual_ *= -1.0;
  residual_.diagonal().array() += 1.0;
  gamma_.resize(count, count);
  double value = 0.0;
  if (features_.plain()) {
    weighted_.resize(count);
    weighted_.noalias() = residual_ * q_;
    gamma_.noalias() = residual_ * m_.asDiagonal();
    value = features_.importance.dot(weighted_.cwiseAbs2());
  } else {
    set_product(residual_, moments_, gamma_);
  }
  for (Index i = 0; i < count; ++i) {
    value += features_.importance(i) * gamma_.row(i).dot(residual_.row(i));
  }
  if (features_.plain()) gamma_.noalias() += weighted_ * q_.transpose();
  gamma_.array().colwise() *= -2.0 * features_.importance.array();
  Eigen::Map<Matrix> dW(gradient.data(), hidden_, count);
  set_product(W, gamma_, dW);
  add_product_transposed(W, gamma_, dW);
  return value;
}

}  // namespace skeleta::training
