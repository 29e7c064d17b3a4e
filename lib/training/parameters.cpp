#include "skeleta/training/parameters.h"

namespace skeleta::training {

Vector to_parameters(const Autoencoder& model) {
  Vector parameters;
  to_parameters(model.W, model.W_out, model.b, parameters);
  return parameters;
}

void from_parameters(const Vector& parameters, Autoencoder& model) {
  model.W = parameters.head(model.W.size()).reshaped(model.W.rows(), model.W.cols());
  model.W_out = parameters.segment(model.W.size(), model.W_out.size())
                    .reshaped(model.W_out.rows(), model.W_out.cols());
  model.b = parameters.tail(model.b.size());
}

void to_parameters(const Matrix& dW, const Vector& db, Vector& gradient) {
  to_parameters(dW, Matrix(), db, gradient);
}

void to_parameters(const Matrix& dW, const Matrix& dW_out, const Vector& db, Vector& gradient) {
  gradient.resize(dW.size() + dW_out.size() + db.size());
  gradient.head(dW.size()) = dW.reshaped();
  gradient.segment(dW.size(), dW_out.size()) = dW_out.reshaped();
  gradient.tail(db.size()) = db;
}

}  // namespace skeleta::training
