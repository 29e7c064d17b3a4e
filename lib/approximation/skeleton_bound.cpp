#include "skeleta/approximation/skeleton_bound.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "approximation/law_skeleton_bound.h"
#include "approximation/law_tail.h"
#include "exact/closed_forms.h"
#include "skeleta/core/parallel.h"

namespace skeleta::approximation {
namespace {

constexpr double rounding = 1e-12;

// E[…; N = l] for l = 0, 1, … of 1, Σ_{j active} f_j and Σ_{j≠k active} f_j f_k.
struct ActiveSums {
  std::vector<double> one, single, pairs;

  explicit ActiveSums(Index last)
      : one(static_cast<std::size_t>(last) + 1, 0.0), single(one), pairs(one) {
    one[0] = 1.0;
  }
  // One more feature, of density p.
  void add(double f, double p) {
    for (std::size_t l = one.size(); l-- > 0;) {
      const double below = l > 0 ? one[l - 1] : 0.0, single_below = l > 0 ? single[l - 1] : 0.0;
      const double pairs_below = l > 0 ? pairs[l - 1] : 0.0;
      pairs[l] = (1.0 - p) * pairs[l] + p * (pairs_below + 2.0 * f * single_below);
      single[l] = (1.0 - p) * single[l] + p * (single_below + f * below);
      one[l] = (1.0 - p) * one[l] + p * below;
    }
  }
};

// The bounds of one output for all l, importance apart.
class OutputBounds {
 public:
  OutputBounds(Eigen::Ref<const Vector> g, double threshold, const Vector& density, Index own,
               Index last)
      : g_(g),
        b_(threshold),
        density_(density),
        own_(own),
        sums_(last),
        squares_(last),
        sizes_(last),
        others_(last),
        others_sizes_(last) {
    for (Index j = 0; j < g.size(); ++j) {
      sums_.add(g(j), density(j));
      squares_.add(g(j) * g(j), density(j));
      sizes_.add(std::abs(g(j)), density(j));
      if (j != own) others_.add(g(j), density(j)), others_sizes_.add(std::abs(g(j)), density(j));
    }
  }

  double operator()(Index l) const {
    const auto n = static_cast<std::size_t>(l);
    const double negative = std::max(-b_, 0.0);
    if (l == 0) return (1.0 + rounding) * sums_.one[0] * negative * negative;
    const double own = density_(own_) * others_.one[n - 1];  // P(i active, N = l)
    const double square = std::min(by_parts(l), by_moments(n));
    return std::max(own / 3.0 + square - 2.0 * own * cross(n), 0.0) + rounding * (own + square);
  }

 private:
  // (z − b)₊ ≤ Σ_j (g_j x_j − b/l)₊ over the active features.
  double by_parts(Index l) const {
    const auto n = static_cast<std::size_t>(l);
    const double c = b_ / static_cast<double>(l);
    ActiveSums means(l), squares(l);
    for (Index j = 0; j < g_.size(); ++j) {
      means.add(exact::phi1(g_(j), c), density_(j));
      squares.add(exact::phi(g_(j), c), density_(j));
    }
    return squares.single[n] + means.pairs[n];
  }

  // E y₊² ≤ Var y + ((E y)₊)².
  double by_moments(std::size_t n) const {
    const double probability = sums_.one[n];
    if (probability == 0.0) return 0.0;
    const double mean = 0.5 * sums_.single[n] / probability;
    const double second = (squares_.single[n] / 3.0 + 0.25 * sums_.pairs[n]) / probability;
    const double size = (squares_.single[n] + sizes_.pairs[n]) / probability;
    const double above = std::max(mean - b_, 0.0);
    return probability *
           (std::max(second - mean * mean, 0.0) + above * above + rounding * (size + b_ * b_));
  }

  // E[x_i (z − b)₊ | i active, N = l] ≥ this.
  double cross(std::size_t n) const {
    const double probability = others_.one[n - 1];
    if (probability == 0.0) return 0.0;
    const double rest = 0.5 * others_.single[n - 1] / probability;
    const double size = 0.5 * others_sizes_.single[n - 1] / probability;
    return exact::psi(g_(own_), b_ - rest + rounding * (size + std::abs(b_)));
  }

  Eigen::Ref<const Vector> g_;
  double b_;
  const Vector& density_;
  Index own_;
  ActiveSums sums_, squares_, sizes_, others_, others_sizes_;
};

}  // namespace

std::vector<double> contribution_bounds(const Autoencoder& model, const Features& features,
                                        Index last, int threads) {
  validate(model);
  validate(features, model.features());
  if (last < 0 || last > features.size()) {
    throw std::invalid_argument(fmt::format("last = {} must lie in 0..{}", last, features.size()));
  }
  if (!features.plain() || !model.tied_relu()) {
    return law_contribution_bounds(model, features, last, threads);
  }
  const std::size_t width = static_cast<std::size_t>(last) + 1;
  std::vector<double> total(width, 0.0);
  const auto compute = [&](std::size_t chunk, std::span<double> result) {
    const auto i = static_cast<Index>(chunk);
    const Vector g = gram_columns(model, i, 1);
    const OutputBounds bounds(g, model.b(i), features.density, i, last);
    for (Index l = 0; l <= last; ++l) {
      result[static_cast<std::size_t>(l)] = features.importance(i) * bounds(l);
    }
  };
  const auto merge = [&](std::size_t, std::span<const double> result) {
    for (std::size_t l = 0; l < width; ++l) total[l] += result[l];
    return true;
  };
  for_each_chunk(static_cast<std::size_t>(features.size()), width, threads, compute, merge);
  return total;
}

std::vector<double> tail_bounds(const Autoencoder& model, const Features& features, Index last,
                                int threads) {
  const std::vector<double> parts = contribution_bounds(model, features, last, threads);
  const auto above = loss_above(model, features, threads);
  // Products of probabilities below the range of double are lost: each is less than 2.3e-308, of
  // what is at most the largest mean.
  const double lost = std::max(1e-300 * largest_mean(model, features), 5e-324);
  const bool any =
      features.data_law().activity.independent() && features.importance.maxCoeff() > 0.0;
  const Index possible = any ? (features.density.array() > 0.0).count() : 0;
  std::vector<double> result(parts.size());
  double beyond = above(last);
  for (Index k = last; k >= 0; --k) {
    const auto n = static_cast<std::size_t>(k);
    beyond = std::min(beyond, above(k));
    result[n] = k < possible ? beyond + lost : beyond;
    beyond += parts[n];
  }
  return result;
}

}  // namespace skeleta::approximation
