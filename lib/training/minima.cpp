#include "skeleta/training/minima.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <stdexcept>

#include "core/decompositions.h"
#include "core/products.h"
#include "skeleta/geometry/congruence.h"
#include "skeleta/geometry/feature_dimensionality.h"
#include "training/features.h"

namespace skeleta::training {
namespace {

// Distance of the columns of two models of one shape, after the best orthogonal transformation, and
// relabelling if that is allowed.
double distance(const Matrix& X, const Matrix& Y, bool relabelling) {
  if (relabelling) return geometry::congruence(X, Y).rms;
  return (product(geometry::procrustes(X, Y), X) - Y).norm() /
         std::sqrt(static_cast<double>(X.cols()));
}

// Congruent columns have the same norms, up to order: a cheap "no".
bool norms_agree(const Matrix& X, const Matrix& Y, double tolerance) {
  Vector x = X.colwise().norm(), y = Y.colwise().norm();
  std::sort(x.begin(), x.end());
  std::sort(y.begin(), y.end());
  return (x - y).norm() <= tolerance * std::sqrt(static_cast<double>(x.size()));
}

bool agree(const Matrix& X, const Matrix& Y, bool relabelling, double tolerance) {
  // W has no unit: what is far below 1 is 0, whatever its shape.
  constexpr double nothing = 1e-3;
  const double size =
      std::max({X.norm(), Y.norm(), nothing}) / std::sqrt(static_cast<double>(X.cols()));
  return norms_agree(X, Y, tolerance * size) && distance(X, Y, relabelling) <= tolerance * size;
}

// An untied model is seen through A = W_out W alone: (MW, W_out M⁻¹) is the same one. Relabelled
// features permute rows and columns of A alike: what is compared is its diagonal and its rows'
// norms, sorted.
bool agree_untied(const Autoencoder& X, const Autoencoder& Y, bool relabelling, double tolerance) {
  const Matrix A = output_weights(X, 0, X.features()), B = output_weights(Y, 0, Y.features());
  const double size = std::max(A.norm(), B.norm());
  if (!relabelling) return (A - B).norm() <= tolerance * size;
  const auto sorted = [](Vector v) {
    std::sort(v.begin(), v.end());
    return v;
  };
  const auto near = [&](const Vector& x, const Vector& y) {
    return (sorted(x) - sorted(y)).norm() <= tolerance * size;
  };
  return near(A.diagonal(), B.diagonal()) &&
         near(A.colwise().norm().transpose(), B.colwise().norm().transpose());
}

bool agree(const Autoencoder& X, const Autoencoder& Y, bool relabelling, double tolerance) {
  return X.tied() ? agree(X.W, Y.W, relabelling, tolerance)
                  : agree_untied(X, Y, relabelling, tolerance);
}

Index rank_of(const Matrix& W) {
  const Vector values = singular_values(W);
  return (values.array() > 1e-6 * values(0)).count();
}

Minimum describe(const Autoencoder& model, double loss) {
  Minimum minimum;
  minimum.objective = minimum.loss = loss;
  minimum.rank = rank_of(model.W);
  minimum.norm = model.W.squaredNorm();
  minimum.feature_dimensionality = geometry::feature_dimensionality(model.W);
  std::sort(minimum.feature_dimensionality.begin(), minimum.feature_dimensionality.end(),
            std::greater<>());
  return minimum;
}

}  // namespace

bool same_minimum(const Candidate& a, const Candidate& b, const Features& features,
                  const MinimaOptions& options) {
  const double floor = 1e-6 * loss_of_zero_model(features);
  const double most = std::max({std::abs(a.loss), std::abs(b.loss), floor});
  return std::abs(a.loss - b.loss) <= options.loss_tolerance * most &&
         agree(a.model, b.model, all_alike(features), options.shape_tolerance);
}

std::vector<Minimum> distinct_minima(std::span<const Autoencoder* const> models,
                                     std::span<const double> losses, const Features& features,
                                     const MinimaOptions& options) {
  if (models.size() != losses.size()) {
    throw std::invalid_argument("models and losses must be of the same number");
  }
  std::vector<std::size_t> order(models.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::erase_if(order, [&](std::size_t k) { return !std::isfinite(losses[k]); });
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return losses[a] < losses[b]; });
  std::vector<Minimum> minima;
  for (const std::size_t k : order) {
    const auto same = [&](const Minimum& minimum) {
      const auto first = static_cast<std::size_t>(minimum.models.front());
      return same_minimum({*models[k], losses[k]}, {*models[first], minimum.objective}, features,
                          options);
    };
    auto found = std::find_if(minima.begin(), minima.end(), same);
    if (found == minima.end()) {
      found = minima.insert(minima.end(), describe(*models[k], losses[k]));
    }
    found->models.push_back(static_cast<Index>(k));
  }
  return minima;
}

}  // namespace skeleta::training
