#include "skeleta/exact/hessian.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <optional>

#include "exact/support_hessian.h"
#include "exact/support_moments.h"
#include "skeleta/exact/sparse_loss.h"

namespace skeleta::exact {
namespace {

Vector in_order(const Gradient& gradient) {
  Vector result(gradient.dW.size() + gradient.dW_out.size() + gradient.db.size());
  result << gradient.dW.reshaped(), gradient.dW_out.reshaped(), gradient.db;
  return result;
}

// How few and how many features a support may have on which only entries of 0 are active, beside
// `others` that must be.
struct SilentSupports {
  Index least = 0, most = 0;
  bool possible = true;

  bool meet(const CountRange& skeletons, Index others) const {
    return possible && least + others <= skeletons.last && most + others >= skeletons.first;
  }
};

SilentSupports silent_supports(const Matrix& row, const Features& features,
                               std::initializer_list<Index> apart, double tolerance) {
  SilentSupports result;
  for (Index j = 0; j < features.size(); ++j) {
    const double p = features.density(j);
    if (p == 0.0 || std::ranges::find(apart, j) != apart.end()) continue;
    const bool silent = std::abs(row(j)) <= tolerance;
    if (p == 1.0 && !silent) result.possible = false;
    if (!silent) continue;
    result.most += 1;
    if (p == 1.0) result.least += 1;
  }
  return result;
}

// Of an output that does not read its own feature: one that alone moves z just to the threshold b.
std::optional<Index> reaching_feature(const Matrix& row, const Features& features, Index own,
                                      double b, const CountRange& range, double tolerance) {
  for (Index j = 0; j < features.size(); ++j) {
    if (j == own || std::abs(row(j) - b) > tolerance || !(features.density(j) > 0.0)) continue;
    if (silent_supports(row, features, {own, j}, tolerance).meet(range, 2)) return j;
  }
  return std::nullopt;
}

}  // namespace

Hessian hessian(const Autoencoder& model, const Features& features, const Options& options,
                double relative_error) {
  const bool few = model.features() <= most_supported;
  if (few && model.activation == Activation::relu && model.noise == 0.0 && features.plain()) {
    validate(options);
    return support_hessian(model, features, {0, model.features()}, options.threads);
  }
  Evaluator evaluator(features, options);
  Gradient gradient;
  Hessian result;
  result.value = evaluator.loss_and_gradient(model, gradient).value;
  result.gradient = in_order(gradient);
  result.matrix = evaluator.hessian(relative_error, result.error);
  return result;
}

Hessian hessian(const Autoencoder& model, const Features& features, CountRange skeletons,
                double factor, int threads) {
  constexpr Index few = 2;  // in SparseLoss, which is faster
  if (skeletons.last > few || !model.tied()) {
    Hessian result = support_hessian(model, features, skeletons, threads);
    result.value *= factor;
    result.gradient *= factor;
    result.matrix *= factor;
    return result;
  }
  SparseLoss loss(features, skeletons, threads);
  Gradient gradient;
  Hessian result;
  result.value = factor * loss.loss_and_gradient(model, gradient.dW, gradient.db);
  result.gradient = factor * in_order(gradient);
  result.matrix = factor * loss.hessian();
  return result;
}

std::vector<Kink> kinks(const Autoencoder& model, const Features& features,
                        std::optional<CountRange> skeletons, double tolerance) {
  const CountRange range = skeletons.value_or(CountRange{0, features.size()});
  std::vector<Kink> result;
  for (Index i = 0; i < features.size(); ++i) {
    if (!(features.importance(i) > 0.0)) continue;
    const Matrix row = output_weights(model, i, 1);
    const double b = model.b(i), own = row(i);
    const double equal = tolerance * std::max(1.0, row.cwiseAbs().maxCoeff());
    if (std::abs(b) <= equal && silent_supports(row, features, {}, equal).meet(range, 0)) {
      result.push_back(
          {i, fmt::format("output {} is at its threshold, b = {:.3g}, with positive probability: "
                          "where only features are active whose entries of A are 0, or none",
                          i, b)});
      continue;
    }
    if (!(b > equal) || !(features.density(i) > 0.0)) continue;
    if (std::abs(own - b) <= equal && silent_supports(row, features, {i}, equal).meet(range, 1)) {
      result.push_back(
          {i,
           fmt::format("output {} just reaches its threshold b = {:.3g} where its own feature is "
                       "1",
                       i, b)});
    } else if (std::abs(own) <= equal) {
      const auto j = reaching_feature(row, features, i, b, range, equal);
      if (!j) continue;
      result.push_back(
          {i, fmt::format("output {} does not read its own feature, and just reaches its threshold "
                          "b = {:.3g} where feature {} is 1",
                          i, b, *j)});
    }
  }
  return result;
}

}  // namespace skeleta::exact
