#include "skeleta/bounds/loss_tail.h"

#include <algorithm>
#include <functional>

#include "skeleta/core/parallel.h"
#include "skeleta/measure/value_law.h"

namespace skeleta::bounds {
namespace {

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
    : all_(features.density),
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
  const Vector half = means(features.density), third = second_moments(features.density);

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
  return rounding * std::min(c0_ * tau0 + c1_ * tau1 + c2_ * tau2, supremum_ * tau0);
}

double LossTail::above(Index l) const {
  if (all_.at_least(l + 1) == 0.0) return 0.0;
  return bound(all_.at_least(l + 1), without_sparsest_.at_least(l),
               without_two_sparsest_.at_least(l - 1));
}

double LossTail::below(Index l) const {
  if (all_.at_most(l - 1) == 0.0) return 0.0;
  return bound(all_.at_most(l - 1), without_densest_.at_most(l - 2),
               without_two_densest_.at_most(l - 3));
}

}  // namespace skeleta::bounds
