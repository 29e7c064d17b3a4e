#include "skeleta/exact/hessian.h"

#include "exact/support_hessian.h"
#include "exact/support_moments.h"
#include "skeleta/exact/sparse_loss.h"

namespace skeleta::exact {
namespace {

Vector in_order(const Gradient& gradient) {
  Vector result(gradient.dW.size() + gradient.dW_out.size() + gradient.db.size());
  result << gradient.dW.reshaped(), gradient.dW_out.reshaped(), gradient.db;
  return result;
}

}  // namespace

Hessian hessian(const Autoencoder& model, const Features& features, const Options& options,
                double relative_error) {
  const bool few = model.features() <= most_supported;
  if (few && model.activation == Activation::relu && model.noise == 0.0 && features.plain()) {
    validate(options);
    return support_hessian(model, features, {0, model.features()}, options.threads);
  }
  Evaluator evaluator(features, options);
  Gradient gradient;
  Hessian result;
  result.value = evaluator.loss_and_gradient(model, gradient).value;
  result.gradient = in_order(gradient);
  result.matrix = evaluator.hessian(relative_error, result.error);
  return result;
}

Hessian hessian(const Autoencoder& model, const Features& features, CountRange skeletons,
                double factor, int threads) {
  constexpr Index few = 2;  // in SparseLoss, which is faster
  if (skeletons.last > few || !model.tied()) {
    Hessian result = support_hessian(model, features, skeletons, threads);
    result.value *= factor;
    result.gradient *= factor;
    result.matrix *= factor;
    return result;
  }
  SparseLoss loss(features, skeletons, threads);
  Gradient gradient;
  Hessian result;
  result.value = factor * loss.loss_and_gradient(model, gradient.dW, gradient.db);
  result.gradient = factor * in_order(gradient);
  result.matrix = factor * loss.hessian();
  return result;
}

}  // namespace skeleta::exact
