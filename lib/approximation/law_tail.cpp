#include "approximation/law_tail.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/products.h"
#include "skeleta/bounds/loss_tail.h"
#include "skeleta/measure/data_law.h"

namespace skeleta::approximation {
namespace {

// c_j² of the header.
Vector squared_columns(const Autoencoder& model, const Vector& importance) {
  const Matrix out = model.tied() ? Matrix(model.W.transpose()) : model.W_out;
  const Matrix form = transposed_product(importance.asDiagonal() * out, out);  // d × d
  const Vector outputs = model.W.cwiseProduct(product(form, model.W)).colwise().sum();
  return (importance.cwiseSqrt() + outputs.cwiseMax(0.0).cwiseSqrt()).cwiseAbs2();
}

// c_j² E U_j².
Vector active_squares(const Autoencoder& model, const Features& features, const DataLaw& law) {
  Vector squares = squared_columns(model, features.importance);
  for (Index j = 0; j < law.size(); ++j) {
    squares(j) *= law.values[static_cast<std::size_t>(j)].moment(2);
  }
  return squares;
}

double squared_constant(const Autoencoder& model, const Vector& importance) {
  const Vector shift = model.activation == Activation::identity ? Vector(model.b.cwiseAbs())
                                                                : Vector(-model.b.cwiseMin(0.0));
  double noise = 0.0;
  for (Index i = 0; i < model.features(); ++i) noise += importance(i) * output_noise(model, i);
  const double root = std::sqrt(importance.dot(shift.cwiseAbs2())) + std::sqrt(noise);
  return root * root;
}

}  // namespace

LawTail::LawTail(const Autoencoder& model, const Features& features) {
  const DataLaw law = features.data_law();
  const ActiveCount number(law.activity);
  const Index last = number.bulk({0, number.features()}, 1e-18).last;
  const Vector squares = active_squares(model, features, law);
  const double constant = squared_constant(model, features.importance);
  const Vector active = active_by_count(law.activity, last).transpose() * squares;
  constexpr double rounding = 1e-10;  // of all that is computed here, and much more
  for (Index l = 0; l <= last; ++l) {
    part_.push_back((1.0 + rounding) * static_cast<double>(l + 1) *
                    (active(l) + constant * number.probability(l)));
  }
  size_ = squares.sum() + constant;
  beyond_ = static_cast<double>(law.size() + 1) * size_ * number.at_least(last + 1);
}

double LawTail::above(Index l) const {
  const auto first = static_cast<std::size_t>(std::max<Index>(l + 1, 0));
  double sum = beyond_;
  for (std::size_t k = part_.size(); k-- > first;) sum += part_[k];
  return sum;
}

double LawTail::below(Index l) const {
  const auto end = std::min(static_cast<std::size_t>(std::max<Index>(l, 0)), part_.size());
  return std::accumulate(part_.begin(), part_.begin() + static_cast<std::ptrdiff_t>(end), 0.0);
}

double largest_mean(const Autoencoder& model, const Features& features) {
  const double sum = active_squares(model, features, features.data_law()).sum() +
                     squared_constant(model, features.importance);
  return static_cast<double>(features.size() + 1) * sum;
}

std::function<double(Index)> loss_above(const Autoencoder& model, const Features& features,
                                        int threads) {
  if (features.plain() && model.tied_relu()) {
    return [tail = bounds::LossTail(model, features, threads)](Index l) { return tail.above(l); };
  }
  return [tail = LawTail(model, features)](Index l) { return tail.above(l); };
}

}  // namespace skeleta::approximation
