#include "skeleta/bounds/loss_tail.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "skeleta/core/parallel.h"
#include "skeleta/measure/value_law.h"

namespace skeleta::bounds {
namespace {

// What sums and products of probabilities may lose below the normal numbers of double, and more.
constexpr double lost = std::numeric_limits<double>::min();

// A moment p/2 or p/3 of what may be active is not 0.
Vector not_lost(Vector moments, const Vector& density) {
  constexpr double least = std::numeric_limits<double>::denorm_min();
  for (Index j = 0; j < moments.size(); ++j) moments(j) += density(j) > 0.0 ? least : 0.0;
  return moments;
}

// Densities of the features that can be active, without the `count` first ones in the given order.
// Features of density 0 contribute nothing, so leaving one of them out is never needed.
template <class Order>
Vector without(const Vector& density, Index count, Order order) {
  std::vector<double> kept;
  std::copy_if(density.begin(), density.end(), std::back_inserter(kept),
               [](double p) { return p > 0.0; });
  std::sort(kept.begin(), kept.end(), order);
  const auto size = static_cast<Index>(kept.size());
  const Index left_out = std::min(count, size);
  return Eigen::Map<const Vector>(kept.data(), size).tail(size - left_out);
}

}  // namespace

LossTail::LossTail(const Autoencoder& model, const Features& features, int threads)
    : matters_((features.importance.array() > 0.0).any()),
      possible_((features.density.array() > 0.0).count()),
      certain_((features.density.array() == 1.0).count()),
      all_(features.density),
      without_sparsest_(without(features.density, 1, std::less<>{})),
      without_two_sparsest_(without(features.density, 2, std::less<>{})),
      without_densest_(without(features.density, 1, std::greater<>{})),
      without_two_densest_(without(features.density, 2, std::greater<>{})) {
  validate(model);
  validate(features, model.features());
  require_tied_relu(model, "the bound of the loss's tail");
  require_plain(features, "the bound of the loss's tail");
  constexpr Index block = 64;
  const Index count = model.features();
  const auto blocks = static_cast<std::size_t>((count + block - 1) / block);
  const Vector half = not_lost(means(features.density), features.density),
               third = not_lost(second_moments(features.density), features.density);

  const auto compute = [&](std::size_t k, std::span<double> constants) {
    const Index first = static_cast<Index>(k) * block;
    const Matrix positive =
        gram_columns(model, first, std::min(block, count - first)).cwiseMax(0.0);
    std::fill(constants.begin(), constants.end(), 0.0);
    for (Index c = 0; c < positive.cols(); ++c) {
      const Index i = first + c;
      const auto g = positive.col(c).array();
      const double v = features.importance(i), b = std::max(-model.b(i), 0.0);
      const double sum = (g * half.array()).sum();
      const double squares = (g * half.array()).square().sum();
      const double second = (g.square() * third.array()).sum();
      constants[0] += v * b * b;
      constants[1] += v * (third(i) + second + 2.0 * b * sum);
      // The difference is exact to a few D·ε of sum².
      constants[2] += v * (std::max(sum * sum - squares, 0.0) + 1e-11 * sum * sum);
      const double largest = std::max(1.0, g.sum() + b);
      constants[3] += v * largest * largest;
    }
  };
  const auto merge = [&](std::size_t, std::span<const double> constants) {
    c0_ += constants[0];
    c1_ += constants[1];
    c2_ += constants[2];
    supremum_ += constants[3];
    return true;
  };
  for_each_chunk(blocks, 4, threads, compute, merge);
}

double LossTail::bound(double tau0, double tau1, double tau2) const {
  // Sums of D non-negative terms and probabilities with a relative error of a few D·ε.
  constexpr double rounding = 1.0 + 1e-9;
  if (!matters_) return 0.0;
  const double by_moments = c0_ * (tau0 + lost) + c1_ * (tau1 + lost) + c2_ * (tau2 + lost);
  return rounding * std::min(by_moments, supremum_ * (tau0 + lost)) + lost;
}

double LossTail::above(Index l) const {
  if (l >= possible_) return 0.0;
  return bound(all_.at_least(l + 1), without_sparsest_.at_least(l),
               without_two_sparsest_.at_least(l - 1));
}

double LossTail::below(Index l) const {
  if (l <= certain_) return 0.0;
  return bound(all_.at_most(l - 1), without_densest_.at_most(l - 2),
               without_two_densest_.at_most(l - 3));
}

}  // namespace skeleta::bounds
