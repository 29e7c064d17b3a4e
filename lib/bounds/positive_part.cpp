#include "bounds/positive_part.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace skeleta::bounds {
namespace {

struct GaussRule {
  std::span<const double> nodes, weights;  // on [−1, 1]
};

// Gauss–Legendre, exact to degree 2n − 1 (nodes: roots of the Legendre polynomials).
GaussRule gauss(std::size_t degree) {
  static constexpr double x2[] = {-0.57735026918962576451, 0.57735026918962576451};
  static constexpr double w2[] = {1.0, 1.0};
  static constexpr double x3[] = {-0.77459666924148337704, 0.0, 0.77459666924148337704};
  static constexpr double w3[] = {5.0 / 9.0, 8.0 / 9.0, 5.0 / 9.0};
  static constexpr double x5[] = {-0.90617984593866399280, -0.53846931010568309104, 0.0,
                                  0.53846931010568309104, 0.90617984593866399280};
  static constexpr double w5[] = {0.23692688505618908751, 0.47862867049936646804, 128.0 / 225.0,
                                  0.47862867049936646804, 0.23692688505618908751};
  if (degree <= 3) return {x2, w2};
  return degree <= 5 ? GaussRule{x3, w3} : GaussRule{x5, w5};
}

// One set of active features, by decreasing |entry|. The nodes of the outer integrals are
// collected, and the innermost integral is evaluated for many of them at once.
class Support {
 public:
  Support(std::span<const double> g, std::span<const std::size_t> features, std::size_t own,
          PositivePartMoments& sums)
      : features_(features), inner_(features.size() - 1), sums_(sums) {
    for (std::size_t n = 0; n < features.size(); ++n) {
      entry_[n] = g[features[n]];
      if (features[n] == own) own_place_ = n;
    }
    subset_sums_[1] = 0.0;
    for (std::size_t n = inner_, size = 1; n > 0; --n, size *= 2) {
      double* const here = &subset_sums_[2 * size];
      std::copy_n(&subset_sums_[size], size, here);
      for (std::size_t q = 0; q < size; ++q) here[size + q] = here[q] + entry_[n];
      std::inplace_merge(here, here + size, here + 2 * size);
    }
  }

  void integrate(double c, double weight) {
    place_nodes(c, weight, 0);
    sum_up();
  }

 private:
  static constexpr std::size_t capacity = 128;  // nodes evaluated at once
  using Nodes = std::array<double, capacity>;

  void place_nodes(double c, double weight, std::size_t level) {
    if (level == inner_) return add_node(c, weight);
    const double a = entry_[level], slope = a == 0.0 ? 1.0 : a;
    const std::size_t size = std::size_t{1} << (inner_ - level);
    const double* const sums = &subset_sums_[size];
    const GaussRule rule = gauss(inner_ - level + 2);
    double from = 0.0;
    for (std::size_t q = 0; q <= size; ++q) {
      // Points of change in the order of increasing t, then the end.
      const double to =
          q == size ? 1.0 : std::clamp((c - sums[a > 0.0 ? size - 1 - q : q]) / slope, from, 1.0);
      const double half = 0.5 * (to - from), middle = 0.5 * (to + from);
      for (std::size_t n = 0; half > 0.0 && n < rule.nodes.size(); ++n) {
        t_[level] = middle + half * rule.nodes[n];
        place_nodes(c - a * t_[level], weight * half * rule.weights[n], level + 1);
      }
      from = to;
    }
  }

  void add_node(double c, double weight) {
    if (c >= 0.0 && c >= entry_[inner_]) return;  // u ≤ 0
    if (count_ == capacity) sum_up();
    weight_[count_] = weight;
    threshold_[count_] = c;
    for (std::size_t n = 0; n < inner_; ++n) at_[n][count_] = t_[n];
    ++count_;
  }

  // The innermost integral, over t of u(t) = a t − c: u₊ is `left` at 0, `right` at 1, and positive
  // on the fraction f of [0, 1], at its end if u rises, at its start if u falls.
  void sum_up() {
    const double a = entry_[inner_], slope = a == 0.0 ? 1.0 : std::abs(a);
    const bool rises = a > 0.0;
    Nodes mean, t_mean, above, t_above, tt_above;
    double square = 0.0;
#pragma omp simd reduction(+ : square)
    for (std::size_t n = 0; n < count_; ++n) {
      const double w = weight_[n], c = threshold_[n];
      const double left = std::max(-c, 0.0), right = std::max(a - c, 0.0);
      const bool whole = c <= 0.0 && c <= a;
      const double f = whole ? 1.0 : std::abs(right - left) / slope;
      const bool at_end = rises && !whole;
      square += w * f * (left * left + left * right + right * right) / 3.0;
      mean[n] = w * f * (left + right) / 2.0;
      t_mean[n] = w * (whole ? left + 2.0 * right : f * (right * (3.0 - f) + left * f)) / 6.0;
      above[n] = w * f;
      t_above[n] = w * f * (at_end ? 2.0 - f : f) / 2.0;
      tt_above[n] = w * f * (at_end ? 3.0 - 3.0 * f + f * f : f * f) / 3.0;
    }
    sums_.square += square;
    sums_.mean += sum(mean);
    for (std::size_t n = 0; n < inner_; ++n) sums_.times[features_[n]] += sum(mean, at_[n]);
    sums_.times[features_[inner_]] += sum(t_mean);
    if (own_place_ < inner_) {
      const Nodes& own = at_[own_place_];
      for (std::size_t n = 0; n < count_; ++n) above[n] *= own[n];
      sums_.above += sum(above);
      for (std::size_t n = 0; n < inner_; ++n) sums_.product[features_[n]] += sum(above, at_[n]);
      sums_.product[features_[inner_]] += sum(t_above, own);
    } else if (own_place_ == inner_) {
      sums_.above += sum(t_above);
      for (std::size_t n = 0; n < inner_; ++n) sums_.product[features_[n]] += sum(t_above, at_[n]);
      sums_.product[features_[inner_]] += sum(tt_above);
    }
    count_ = 0;
  }

  double sum(const Nodes& values) const {
    double total = 0.0;
#pragma omp simd reduction(+ : total)
    for (std::size_t n = 0; n < count_; ++n) total += values[n];
    return total;
  }
  double sum(const Nodes& values, const Nodes& times) const {
    double total = 0.0;
#pragma omp simd reduction(+ : total)
    for (std::size_t n = 0; n < count_; ++n) total += values[n] * times[n];
    return total;
  }

  std::span<const std::size_t> features_;
  std::size_t inner_;  // the place of the innermost variable
  std::size_t own_place_ = most_features;
  PositivePartMoments& sums_;
  Row entry_, t_;
  // [2ⁿ, 2ⁿ⁺¹): all sums of subsets of the n last entries, ascending.
  std::array<double, std::size_t{1} << most_features> subset_sums_;
  std::size_t count_ = 0;
  Nodes weight_, threshold_;
  std::array<Nodes, static_cast<std::size_t>(most_features)> at_;
};

}  // namespace

PositivePart::PositivePart(const Vector& density, Index most) {
  weight_.resize(std::size_t{1} << density.size(), 0.0);
  for (std::size_t set = 0; set < weight_.size(); ++set) {
    if (std::popcount(set) > most) continue;
    weight_[set] = 1.0;
    for (Index j = 0; j < density.size(); ++j) {
      weight_[set] *= (set >> j) & 1 ? density(j) : 1.0 - density(j);
    }
  }
}

PositivePartMoments PositivePart::operator()(std::span<const double> g, double c, Index own) const {
  PositivePartMoments sums;
  const double at_zero = std::max(-c, 0.0);
  sums.square = weight_[0] * at_zero * at_zero;
  sums.mean = weight_[0] * at_zero;

  std::array<std::size_t, static_cast<std::size_t>(most_features)> order{}, features{};
  for (std::size_t n = 0; n < g.size(); ++n) {
    std::size_t place = n;
    for (; place > 0 && std::abs(g[order[place - 1]]) < std::abs(g[n]); --place) {
      order[place] = order[place - 1];
    }
    order[place] = n;
  }
  for (std::size_t chosen = 1; chosen < weight_.size(); ++chosen) {
    std::size_t size = 0, set = 0;
    for (std::size_t n = 0; n < g.size(); ++n) {
      if ((chosen >> n) & 1) features[size++] = order[n], set |= std::size_t{1} << order[n];
    }
    if (weight_[set] == 0.0) continue;
    Support(g, std::span(features).first(size), static_cast<std::size_t>(own), sums)
        .integrate(c, weight_[set]);
  }
  return sums;
}

}  // namespace skeleta::bounds
