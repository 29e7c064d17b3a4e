#include "certify/statement.h"

#include <algorithm>
#include <utility>

#include "certify/local_descent.h"

namespace skeleta::certify {

Statement::Statement(const Features& features, Index hidden, const CertifyOptions& options)
    : features_(features),
      hidden_(hidden),
      options_(options),
      loss_(features, skeletons()),
      box_(loss_, hidden) {
  constexpr double reachable = 3.0;  // the upper end has it once, a box around the model too
  const auto size = static_cast<double>(features.size());
  for (Index i = 0; i < features.size(); ++i) {
    resolution_ += reachable * loss_.rounding(i, size, 0.0, 1.0);
  }
}

bool Statement::alike(Index i, Index j) const {
  return features_.density(i) == features_.density(j) &&
         features_.importance(i) == features_.importance(j);
}

double Statement::target(const CertifiedMinimum& state) const {
  return state.upper - std::max(gap(state), resolution_);
}

bool Statement::met(const CertifiedMinimum& state) const {
  return state.lower >= state.upper - gap(state);
}

double Statement::upper(const Autoencoder& model) const {
  return loss_.value(model) + rounding(model);
}

void Statement::improve(CertifiedMinimum& state, Autoencoder model) const {
  descend(loss_, model);
  const double value = upper(model);
  if (value < state.upper) {
    state.upper = value;
    state.model = std::move(model);
  }
}

// The asked one.
double Statement::gap(const CertifiedMinimum& state) const {
  const bool zero = bounds::minimum_is_zero(features_, hidden_, skeletons());
  const double relative = options_.relative_gap * state.upper;
  return zero ? std::max(relative, options_.absolute_gap * loss_of_zero_model(features_))
              : relative;
}

double Statement::rounding(const Autoencoder& model) const {
  const Matrix g = gram(model);
  double sum = 0.0;
  for (Index i = 0; i < g.cols(); ++i) {
    sum += loss_.rounding(i, g.col(i).cwiseAbs().sum(), model.b(i), model.b(i));
  }
  return sum;
}

}  // namespace skeleta::certify
