#include "approximation/low_parts.h"

#include <algorithm>

#include "skeleta/core/parallel.h"
#include "skeleta/estimate/loss_kernel.h"
#include "skeleta/measure/data_law.h"

namespace skeleta::approximation {
namespace {

constexpr Index few_thousand = 1000;  // features up to which Q_1 takes a second at most

// Of the identity: Σ_i v_i E[(z_i − x_i + ε_i)²; N = l], l = 0, …, last.
std::vector<double> linear_parts(const Autoencoder& model, const Features& features,
                                 const DataLaw& law, Index last, int threads) {
  std::vector<double> total(static_cast<std::size_t>(last) + 1, 0.0);
  const auto compute = [&](std::size_t chunk, std::span<double> parts) {
    const auto i = static_cast<Index>(chunk);
    const double v = features.importance(i), b = model.b(i);
    Vector g = output_weights(model, i, 1).col(0);
    g(i) -= 1.0;
    const auto z = sum_moments_by_count(law, g, last);
    const double constant = b * b + output_noise(model, i);
    for (std::size_t l = 0; l < parts.size(); ++l) {
      parts[l] = v * std::max(z[l][2] - 2.0 * b * z[l][1] + constant * z[l][0], 0.0);
    }
  };
  const auto merge = [&](std::size_t, std::span<const double> parts) {
    for (std::size_t l = 0; l < total.size(); ++l) total[l] += parts[l];
    return true;
  };
  for_each_chunk(static_cast<std::size_t>(law.size()), total.size(), threads, compute, merge);
  return total;
}

}  // namespace

double error_of_one(const Autoencoder& model, Index i, const ValueLaw& value, double g, bool own) {
  const double b = model.b(i), x = own ? 1.0 : 0.0;
  if (model.activation == Activation::identity) {
    const double slope = x - g;
    return slope * slope * value.moment(2) + 2.0 * b * slope * value.moment(1) + b * b;
  }
  // y = (z − θ)₊ + θ 1{z > θ}.
  const double jump = model.jump.size() > 0 ? model.jump(i) : 0.0, c = b + jump;
  const auto ramp = [&](int j, int n) { return value.ramp_moment(j, n, g, c); };
  double square = ramp(0, 2), product = own ? ramp(1, 1) : 0.0;
  if (jump > 0.0) {
    square += jump * (2.0 * ramp(0, 1) + jump * ramp(0, 0));
    if (own) product += jump * ramp(1, 0);
  }
  return std::max(x * value.moment(2) - 2.0 * product + square, 0.0);
}

std::vector<SkeletonPart> low_parts(const Autoencoder& model, const Features& features,
                                    int threads) {
  const DataLaw law = features.data_law();
  const ActiveCount number(law.activity);
  const auto part = [&](Index l, double contribution) {
    const double probability = number.probability(l);
    return SkeletonPart{l, probability, contribution / probability, contribution, 0.0, 0};
  };
  std::vector<SkeletonPart> parts;
  if (model.activation == Activation::identity && model.features() <= few_thousand) {
    const Index last = number.bulk({0, number.features()}, 1e-18).last;
    const std::vector<double> linear = linear_parts(model, features, law, last, threads);
    for (Index l = 0; l <= last; ++l) {
      parts.push_back(part(l, linear[static_cast<std::size_t>(l)]));
    }
    return parts;
  }
  sampling::SparseBatch empty;
  empty.reset(0, 1);
  double loss = 0.0;
  estimate::loss_integrand(model, features, estimate::KernelPath::hidden)()(empty, {&loss, 1});
  parts.push_back(part(0, number.probability(0) * loss));
  if (model.noise > 0.0 || model.features() > few_thousand) return parts;
  const Vector alone = active_by_count(law.activity, 1).col(1);
  double sum = 0.0;
  for (Index i = 0; i < law.size(); ++i) {
    if (features.importance(i) == 0.0) continue;
    const Vector g = output_weights(model, i, 1);
    for (Index j = 0; j < law.size(); ++j) {
      if (alone(j) == 0.0) continue;
      sum += features.importance(i) * alone(j) *
             error_of_one(model, i, law.values[static_cast<std::size_t>(j)], g(j), i == j);
    }
  }
  parts.push_back(part(1, sum));
  return parts;
}

}  // namespace skeleta::approximation
