#include "exact/support_hessian.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "core/require.h"
#include "exact/curvature.h"
#include "exact/support_moments.h"
#include "exact/supports.h"
#include "exact/weight_gradient.h"
#include "measure/distributions.h"
#include "skeleta/core/parallel.h"

namespace skeleta::exact {
namespace {

constexpr Index most_active = most_supported;

// How many closed forms one output takes.
double closed_forms(Index features, CountRange skeletons) {
  constexpr std::array<double, most_supported + 1> of_support{1, 1, 1, 15, 405, 27540};
  double sum = 0.0;
  for (Index l = skeletons.first; l <= skeletons.last; ++l) {
    sum += of_support[static_cast<std::size_t>(l)] * binomial_coefficient(features, l);
  }
  return sum;
}

// E[X Xᵀ u] and E[X Xᵀ (u − x_i δ)] of one output, X = (x, −1), over all D features.
class OutputMoments {
 public:
  OutputMoments(Index own, const double* row, double threshold, const Supports& supports,
                CountRange skeletons, Index features)
      : own_(own),
        row_(row),
        threshold_(threshold),
        supports_(supports),
        skeletons_(skeletons),
        step(Matrix::Zero(features + 1, features + 1)),
        curvature(step) {
    std::vector<Index> support;
    add(support, 0);
  }

 private:
  // All supports that have these features and others from `next` on.
  void add(std::vector<Index>& support, Index next) {
    const auto active = static_cast<Index>(support.size()), features = step.rows() - 1;
    if (active >= skeletons_.first) add_one(support);
    if (active == skeletons_.last) return;
    for (Index j = next; j < features; ++j) {
      support.push_back(j);
      add(support, j + 1);
      support.pop_back();
    }
  }

  void add_one(const std::vector<Index>& support) {
    const double probability = supports_.probability(support);
    if (probability == 0.0) return;
    std::vector<Index> sorted = support;
    std::ranges::sort(sorted, [&](Index j, Index k) {
      if ((j == own_) != (k == own_)) return j == own_;
      return std::abs(row_[j]) > std::abs(row_[k]);
    });
    std::array<double, most_supported> entries{};
    std::ranges::transform(sorted, entries.begin(), [&](Index j) { return row_[j]; });
    const bool with_own = !sorted.empty() && sorted.front() == own_;
    const SupportMoments moments =
        cube_moments(std::span(entries).first(support.size()), threshold_, with_own);
    for (Index k = 0; k <= static_cast<Index>(support.size()); ++k) {
      for (Index n = 0; n <= static_cast<Index>(support.size()); ++n) {
        const double weight = (k == 0) != (n == 0) ? -probability : probability;
        const Index at = place(sorted, k), other = place(sorted, n);
        step(at, other) += weight * moments.step(k, n);
        curvature(at, other) += weight * (moments.step(k, n) - moments.line(k, n));
      }
    }
  }

  Index place(std::span<const Index> sorted, Index k) const {
    return k == 0 ? step.rows() - 1 : sorted[static_cast<std::size_t>(k) - 1];
  }

  Index own_;
  const double* row_;
  double threshold_;
  const Supports& supports_;
  CountRange skeletons_;

 public:
  Matrix step, curvature;
};

// E[x_i²; N in skeletons].
double mean_square(Index i, const Features& features, CountRange skeletons) {
  Vector others = features.density;
  others(i) = 0.0;
  const ActiveCount count(others);
  double company = 0.0;
  for (Index l = std::max<Index>(skeletons.first, 1); l <= skeletons.last; ++l) {
    company += count.probability(l - 1);
  }
  return features.density(i) / 3.0 * company;
}

}  // namespace

Hessian support_hessian(const Autoencoder& model, const Features& features, CountRange skeletons,
                        int threads) {
  constexpr double most_forms = 1e10;
  validate(model);
  validate(features, model.features());
  require_plain(features, "the Hessian of few active features");
  require(model.activation == Activation::relu && model.noise == 0.0,
          "the Hessian of few active features is that of ReLU models without noise");
  require(!skeletons.empty() && skeletons.first >= 0 && skeletons.last <= most_active,
          fmt::format("skeletons = {}..{} must be a range within 0..{}", skeletons.first,
                      skeletons.last, most_active));
  skeletons.last = std::min(skeletons.last, features.size());
  require_dense(model);
  const Index count = features.size();
  const double forms = static_cast<double>(count) * closed_forms(count, skeletons);
  require(forms <= most_forms,
          fmt::format("{} features with up to {} active take {:.2g} closed forms, more than {:.0g}",
                      count, skeletons.last, forms, most_forms));
  const Supports supports(features.density);
  const Matrix A = output_weights(model, 0, count);  // column i is row i
  std::vector<Matrix> K(static_cast<std::size_t>(count));
  Matrix gamma(count, count);
  Vector values(count);
  Gradient gradient;
  gradient.db.resize(count);
  parallel_for(K.size(), threads, [&](std::size_t output) {
    const auto i = static_cast<Index>(output);
    const double v = features.importance(i);
    const OutputMoments moments(i, A.col(i).data(), model.b(i), supports, skeletons, count);
    // z − b − x_i = miss·X where u = 1
    Vector miss(count + 1);
    miss << A.col(i), model.b(i);
    miss(i) -= 1.0;
    const Vector of_miss = moments.step * miss;
    values(i) = v * (mean_square(i, features, skeletons) - moments.step(i, i) + miss.dot(of_miss));
    gamma.col(i) = 2.0 * v * of_miss.head(count);
    gradient.db(i) = 2.0 * v * of_miss(count);
    K[output] = 2.0 * v * moments.curvature;
  });
  const Matrix decoder = model.tied() ? model.W : Matrix(model.W_out.transpose());
  set_weight_gradient(model, decoder, gamma, threads, gradient);
  Hessian result;
  result.value = values.sum();
  result.gradient.resize(gradient.dW.size() + gradient.dW_out.size() + count);
  result.gradient << gradient.dW.reshaped(), gradient.dW_out.reshaped(), gradient.db;
  result.matrix = dense_hessian(model, {gamma}, K);
  return result;
}

}  // namespace skeleta::exact
