#include "training/escape.h"

#include <algorithm>
#include <cmath>

#include "skeleta/sampling/normal_stream.h"

namespace skeleta::training {
namespace {

bool is_short(const Matrix& W, Index i) {
  constexpr double short_column = 1e-3;
  return W.col(i).norm() <= short_column * W.colwise().norm().maxCoeff();
}

bool counts(const Features& features, Index i) {
  return features.importance(i) > 0.0 && features.density(i) > 0.0;
}

// b_i ≥ max z_i over the features that are ever active: Σ_j max(A_ij u, 0) over the values u that
// feature j may have. A constant output −b_i > 0 is not among them, and noise has no maximum.
bool never_fires(const Autoencoder& model, const Features& features, Index i) {
  if (model.noise > 0.0) return false;
  const Matrix a = output_weights(model, i, 1);
  const double jump = model.jump.size() > 0 ? model.jump(i) : 0.0;
  double most = 0.0;
  for (Index j = 0; j < features.size(); ++j) {
    if (!(features.density(j) > 0.0) || a(j) == 0.0) continue;
    const ValueLaw value =
        features.plain() ? ValueLaw() : features.law->values[static_cast<std::size_t>(j)];
    most += std::max({a(j) * value.least(), a(j) * value.most(), 0.0});
  }
  return model.activation != Activation::identity && model.b(i) + jump >= most;
}

}  // namespace

Idle idle_features(const Autoencoder& model, const Features& features) {
  Idle idle = Idle::none;
  for (Index i = 0; i < features.size(); ++i) {
    if (!counts(features, i)) continue;
    if (never_fires(model, features, i)) return Idle::outputs;
    if (is_short(model.W, i)) idle = Idle::columns;
  }
  return idle;
}

Autoencoder displaced(Autoencoder model, const Features& features, bool all,
                      sampling::PointStream& random) {
  constexpr double share = 0.03;
  const Autoencoder before = model;
  const Index hidden = model.hidden();
  const double xavier = std::sqrt(2.0 / static_cast<double>(hidden + features.size()));
  const double size = std::sqrt(before.W.squaredNorm() / static_cast<double>(before.W.size()));
  const double step = share * std::max(size, xavier);
  sampling::NormalStream normal(random);
  for (Index i = 0; i < features.size(); ++i) {
    const bool dead = counts(features, i) && never_fires(before, features, i);
    if (dead) model.b(i) = 0.0;
    if (!all && !dead && !is_short(before.W, i)) continue;
    for (double& w : model.W.col(i)) w += step * normal();
    if (model.tied()) continue;
    for (Index k = 0; k < hidden; ++k) model.W_out(i, k) += step * normal();
  }
  return model;
}

}  // namespace skeleta::training
