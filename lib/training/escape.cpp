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

bool has_idle_features(const Vector& parameters, Index hidden, const Features& features) {
  constexpr double short_column = 1e-3;
  const Weights W = weights(parameters, hidden, features);
  const double longest = W.colwise().norm().maxCoeff();
  for (Index i = 0; i < features.size(); ++i) {
    if (!counts(features, i)) continue;
    if (W.col(i).norm() <= short_column * longest) return true;
    if (never_fires(parameters, W, features, i)) return true;
  }
  return false;
}

Vector displaced(Vector parameters, Index hidden, const Features& features,
                 sampling::PointStream& random) {
  constexpr double share = 0.03;
  const Vector before = parameters;
  const Weights W = weights(before, hidden, features);
  for (Index i = 0; i < features.size(); ++i) {
    if (counts(features, i) && never_fires(before, W, features, i)) parameters(W.size() + i) = 0.0;
  }
  const double xavier = std::sqrt(2.0 / static_cast<double>(hidden + features.size()));
  const double size = std::sqrt(W.squaredNorm() / static_cast<double>(W.size()));
  sampling::NormalStream normal(random);
  for (double& w : parameters.head(W.size())) w += share * std::max(size, xavier) * normal();
  return parameters;
}

}  // namespace skeleta::training
