#include "training/escape.h"

#include <algorithm>
#include <cmath>

#include "skeleta/sampling/normal_stream.h"

namespace skeleta::training {
namespace {

using Weights = Eigen::Map<const Matrix>;

Weights weights(const Vector& parameters, Index hidden, const Features& features) {
  return {parameters.data(), hidden, features.size()};
}

bool is_short(const Weights& W, Index i) {
  constexpr double short_column = 1e-3;
  return W.col(i).norm() <= short_column * W.colwise().norm().maxCoeff();
}

bool counts(const Features& features, Index i) {
  return features.importance(i) > 0.0 && features.density(i) > 0.0;
}

// b_i ≥ max z_i = Σ_j (G_ij)₊ over the features that are ever active. A constant output −b_i > 0 is
// not among them.
bool never_fires(const Vector& parameters, const Weights& W, const Features& features, Index i) {
  const auto ever = (features.density.array() > 0.0).cast<double>().matrix();
  const double most = (W.transpose() * W.col(i)).cwiseMax(0.0).dot(ever);
  return parameters(W.size() + i) >= most;
}

}  // namespace

Idle idle_features(const Vector& parameters, Index hidden, const Features& features) {
  const Weights W = weights(parameters, hidden, features);
  Idle idle = Idle::none;
  for (Index i = 0; i < features.size(); ++i) {
    if (!counts(features, i)) continue;
    if (never_fires(parameters, W, features, i)) return Idle::outputs;
    if (is_short(W, i)) idle = Idle::columns;
  }
  return idle;
}

Vector displaced(Vector parameters, Index hidden, const Features& features, bool all,
                 sampling::PointStream& random) {
  constexpr double share = 0.03;
  const Vector before = parameters;
  const Weights W = weights(before, hidden, features);
  const double xavier = std::sqrt(2.0 / static_cast<double>(hidden + features.size()));
  const double size = std::sqrt(W.squaredNorm() / static_cast<double>(W.size()));
  sampling::NormalStream normal(random);
  for (Index i = 0; i < features.size(); ++i) {
    const bool dead = counts(features, i) && never_fires(before, W, features, i);
    if (dead) parameters(W.size() + i) = 0.0;
    if (!all && !dead && !is_short(W, i)) continue;
    for (double& w : parameters.segment(i * hidden, hidden)) {
      w += share * std::max(size, xavier) * normal();
    }
  }
  return parameters;
}

}  // namespace skeleta::training
