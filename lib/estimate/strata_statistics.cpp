#include "estimate/strata_statistics.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <limits>
#include <numeric>
#include <vector>

namespace skeleta::estimate {
Contribution contribution(std::span<const Stratum> strata, CountRange range) {
  Contribution sum;
  for (const Stratum& stratum : strata) {
    const Moments all = stratum.pooled();
    Moments inside;
    for (std::size_t k = 0; k < stratum.by_count.size(); ++k) {
      const Index l = stratum.counts.range().first + static_cast<Index>(k);
      if (range.first <= l && l <= range.last) inside.merge(stratum.by_count[k]);
    }
    if (inside.count == 0) continue;
    const auto n = static_cast<double>(all.count), m = static_cast<double>(inside.count);
    const double probability = stratum.counts.probability();
    const double squares = inside.m2 + m * (1.0 - m / n) * inside.mean * inside.mean;
    if (all.count < 2) {
      sum.variance = std::numeric_limits<double>::infinity();
      sum.value += probability * inside.mean;
      sum.samples += inside.count;
      continue;
    }
    sum.value += probability * (m / n) * inside.mean;
    sum.variance += probability * probability * squares / (n * (n - 1.0));
    sum.samples += inside.count;
  }
  return sum;
}

double half_width(std::span<const Stratum> strata, double confidence) {
  double sum = 0.0, squares = 0.0;
  for (const Stratum& stratum : strata) {
    const double variance = stratum.variance_of_mean();
    sum += variance;
    squares += variance * variance / static_cast<double>(stratum.pooled().count - 1);
  }
  if (sum == 0.0) return 0.0;
  if (!std::isfinite(sum) || !std::isfinite(squares)) {
    return std::numeric_limits<double>::infinity();
  }
  const boost::math::students_t_distribution<double> law(sum * sum / squares);
  return std::sqrt(sum) *
         boost::math::quantile(boost::math::complement(law, (1.0 - confidence) / 2.0));
}

CountRange resolved(std::span<const Stratum> strata, const std::vector<bool>& varies) {
  std::vector<std::pair<Index, bool>> skeletons;
  std::size_t likeliest = 0;
  double largest = -1.0;
  for (std::size_t s = 0; s < strata.size(); ++s) {
    const Stratum& stratum = strata[s];
    const CountRange range = stratum.counts.range();
    for (std::size_t k = 0; k < stratum.by_count.size(); ++k) {
      const Moments& moments = stratum.by_count[k];
      const Index l = range.first + static_cast<Index>(k);
      const bool differ =
          stratum.counts.fixed() && l > 0 ? moments.m2 > 0.0 || varies[s] : moments.count >= 2;
      const double share = stratum.counts.probability() * static_cast<double>(moments.count) /
                           static_cast<double>(stratum.points);
      if (differ && share > largest) {
        largest = share;
        likeliest = skeletons.size();
      }
      skeletons.emplace_back(l, differ);
    }
  }
  if (largest < 0.0)
    return {strata.front().counts.range().first, strata.front().counts.range().first - 1};
  std::size_t first = likeliest, last = likeliest;
  while (first > 0 && skeletons[first - 1].second) --first;
  while (last + 1 < skeletons.size() && skeletons[last + 1].second) ++last;
  return {skeletons[first].first, skeletons[last].first};
}

std::uint64_t points_off_the_likeliest(std::span<const Stratum> strata) {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  for (const Stratum& stratum : strata) {
    if (stratum.counts.fixed()) continue;
    std::uint64_t all = 0, likeliest = 0;
    for (const Moments& moments : stratum.by_count) {
      all += moments.count;
      likeliest = std::max(likeliest, moments.count);
    }
    least = std::min(least, all - likeliest);
  }
  return least;
}

std::uint64_t points(std::span<const Stratum> strata) {
  return std::accumulate(strata.begin(), strata.end(), std::uint64_t{0},
                         [](std::uint64_t n, const Stratum& s) { return n + s.points; });
}

std::uint64_t non_finite(std::span<const Stratum> strata) {
  return std::accumulate(strata.begin(), strata.end(), std::uint64_t{0},
                         [](std::uint64_t n, const Stratum& s) { return n + s.non_finite; });
}

}  // namespace skeleta::estimate
