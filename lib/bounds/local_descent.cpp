#include "bounds/local_descent.h"

#include "skeleta/core/cancellation.h"

namespace skeleta::bounds {
namespace {

struct Point {
  ReluAutoencoder model;
  double value;
  Vector gradient;  // by W (column-major), then b
};

Point evaluate(const TruncatedLoss& loss, ReluAutoencoder model) {
  Matrix dW;
  Vector db;
  const double value = loss.value_and_gradient(model, dW, db);
  Vector gradient(dW.size() + db.size());
  gradient << dW.reshaped(), db;
  return {std::move(model), value, std::move(gradient)};
}

ReluAutoencoder moved(ReluAutoencoder model, const Vector& step) {
  model.W.reshaped() += step.head(model.W.size());
  model.b += step.tail(model.b.size());
  return model;
}

}  // namespace

double descend(const TruncatedLoss& loss, ReluAutoencoder& model, int most_steps) {
  Point here = evaluate(loss, model);
  const auto identity = Matrix::Identity(here.gradient.size(), here.gradient.size());
  Matrix inverse_hessian = identity;
  for (int step = 0; step < most_steps; ++step) {
    poll();
    Vector direction = -inverse_hessian * here.gradient;
    if (direction.dot(here.gradient) >= 0.0) {
      inverse_hessian = identity;
      direction = -here.gradient;
    }
    const double slope = direction.dot(here.gradient);
    double length = 1.0;
    Point next = evaluate(loss, moved(here.model, direction));
    // Armijo's rule.
    while (!(next.value <= here.value + 1e-4 * length * slope) && length > 1e-12) {
      length *= 0.5;
      next = evaluate(loss, moved(here.model, length * direction));
    }
    if (!(next.value < here.value)) break;
    const Vector s = length * direction, y = next.gradient - here.gradient;
    here = std::move(next);
    const double sy = s.dot(y);
    if (sy <= 1e-12 * s.norm() * y.norm()) continue;
    const Matrix left = identity - s * y.transpose() / sy;
    inverse_hessian = left * inverse_hessian * left.transpose() + s * s.transpose() / sy;
  }
  model = here.model;
  return here.value;
}

}  // namespace skeleta::bounds
