#include "approximation/law_skeleton_bound.h"

#include <algorithm>

#include "skeleta/core/parallel.h"
#include "skeleta/measure/active_count.h"
#include "skeleta/measure/data_law.h"

namespace skeleta::approximation {
namespace {

constexpr double law_rounding = 1e-12;

using Moments = std::array<double, 5>;  // E[zⁿ; N = l]

// E[(z − b)²; N = l].
double about(const Moments& z, double b) {
  return std::max(z[2] - 2.0 * b * z[1] + b * b * z[0], 0.0);
}

// A bound of E[(z + ε − b)₊²; N = l], ε of this variance.
double positive_part(const Moments& z, double b, double variance) {
  if (!(z[0] > 0.0)) return 0.0;
  const double mean = z[1] / z[0], above = std::max(mean - b, 0.0);
  return std::max(z[2] - mean * z[1], 0.0) + z[0] * (variance + above * above);
}

}  // namespace

std::vector<double> law_contribution_bounds(const Autoencoder& model, const Features& features,
                                            Index last, int threads) {
  const DataLaw law = features.data_law();
  const std::size_t width = static_cast<std::size_t>(last) + 1;
  const Matrix active = active_by_count(law.activity, last);  // P(j active, N = l)
  Vector second(law.size());
  for (Index j = 0; j < law.size(); ++j) {
    second(j) = law.values[static_cast<std::size_t>(j)].moment(2);
  }
  std::vector<double> total(width, 0.0);
  const auto compute = [&](std::size_t chunk, std::span<double> result) {
    const auto i = static_cast<Index>(chunk);
    const Vector g = output_weights(model, i, 1).col(0);
    const double b = model.b(i), noise = output_noise(model, i);
    const auto z = sum_moments_by_count(law, g, last);
    const auto error = sum_moments_by_count(law, g - Vector::Unit(law.size(), i), last);
    const bool linear = model.activation == Activation::identity;
    const bool positive = !linear && law.values[chunk].non_negative();
    for (Index l = 0; l <= last; ++l) {
      const auto n = static_cast<std::size_t>(l);
      const double own = linear ? 0.0 : second(i) * active(i, l), probability = z[n][0];
      double bound = own + about(error[n], b) + noise * probability;
      if (positive) bound = std::min(bound, own + positive_part(z[n], b, noise));
      const double size =
          static_cast<double>(l + 1) * (g.cwiseAbs2().cwiseProduct(second).dot(active.col(l)) +
                                        own + (b * b + noise) * probability);
      result[n] = features.importance(i) * (bound + law_rounding * size);
    }
  };
  const auto merge = [&](std::size_t, std::span<const double> result) {
    for (std::size_t l = 0; l < width; ++l) total[l] += result[l];
    return true;
  };
  for_each_chunk(static_cast<std::size_t>(law.size()), width, threads, compute, merge);
  return total;
}

}  // namespace skeleta::approximation
