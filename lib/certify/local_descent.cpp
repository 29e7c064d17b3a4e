#include "certify/local_descent.h"

#include "skeleta/core/cancellation.h"
#include "skeleta/optimize/lbfgs.h"

namespace skeleta::certify {

void descend(const bounds::TruncatedLoss& loss, Autoencoder& model) {
  const auto set_model = [&](const Vector& x) {
    model.W.reshaped() = x.head(model.W.size());
    model.b = x.tail(model.b.size());
  };
  Matrix dW;
  Vector db;
  const auto value = [&](const Vector& x, Vector& gradient) {
    poll();
    set_model(x);
    const double result = loss.value_and_gradient(model, dW, db);
    gradient << dW.reshaped(), db;
    return result;
  };
  Vector x(model.W.size() + model.b.size());
  x << model.W.reshaped(), model.b;
  // To the last digits, whatever the unit of the loss: a gap is relative to what is found.
  optimize::Lbfgs lbfgs({.gradient_tolerance = 0.0,
                         .value_tolerance = 1e-15,
                         .max_iterations = 200,
                         .first_step = 0.1});  // a tenth of a column that is represented
  lbfgs.minimize(value, x);
  set_model(x);
}

}  // namespace skeleta::certify
