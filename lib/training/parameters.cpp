#include "skeleta/training/parameters.h"

namespace skeleta::training {

Vector to_parameters(const Autoencoder& model) {
  Vector parameters;
  to_parameters(model.W, model.b, parameters);
  return parameters;
}

void from_parameters(const Vector& parameters, Autoencoder& model) {
  model.W = parameters.head(model.W.size()).reshaped(model.W.rows(), model.W.cols());
  model.b = parameters.tail(model.b.size());
}

void to_parameters(const Matrix& dW, const Vector& db, Vector& gradient) {
  gradient.resize(dW.size() + db.size());
  gradient.head(dW.size()) = dW.reshaped();
  gradient.tail(db.size()) = db;
}

}  // namespace skeleta::training
