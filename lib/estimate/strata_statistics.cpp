#include "estimate/strata_statistics.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "measure/distributions.h"

namespace skeleta::estimate {

Contribution contribution(std::span<const Stratum> strata, CountRange range, std::size_t output) {
  Contribution sum;
  for (const Stratum& stratum : strata) {
    const CountRange own = stratum.range();
    const Index first = std::max(range.first, own.first), last = std::min(range.last, own.last);
    if (first > last) continue;
    const Moments all = stratum.values().output(output);
    Moments inside;
    for (Index l = first; l <= last; ++l) inside.merge(stratum.on_skeleton(l).output(output));
    if (inside.count == 0) continue;
    const auto n = static_cast<double>(all.count), m = static_cast<double>(inside.count);
    const double probability = stratum.probability();
    sum.value += probability * (m / n) * inside.mean;
    // Means of replicates stand for all points of the stratum.
    sum.samples += stratum.replicates() > 0 ? stratum.points() : inside.count;
    const double squares = inside.m2 + m * (1.0 - m / n) * inside.mean * inside.mean;
    sum.variance += all.count < 2 ? std::numeric_limits<double>::infinity()
                                  : probability * probability * squares / (n * (n - 1.0));
  }
  return sum;
}

double covariance(std::span<const Stratum> strata, std::size_t a, std::size_t b) {
  double sum = 0.0;
  for (const Stratum& stratum : strata) {
    const JointMoments values = stratum.values();
    const auto n = static_cast<double>(values.count());
    const double probability = stratum.probability();
    sum += probability * probability * values.product(a, b) / (n * (n - 1.0));
  }
  return sum;
}

double half_width(std::span<const Stratum> strata, double confidence, std::size_t output) {
  double sum = 0.0, squares = 0.0;
  for (const Stratum& stratum : strata) sum += stratum.variance_of_mean(output);
  if (sum == 0.0) return 0.0;
  if (!std::isfinite(sum)) return std::numeric_limits<double>::infinity();
  for (const Stratum& stratum : strata) {
    const double share = stratum.variance_of_mean(output) / sum;
    squares += share * share / static_cast<double>(stratum.values().count() - 1);
  }
  return std::sqrt(sum) * student_quantile(1.0 / squares, (1.0 - confidence) / 2.0);
}

Shape shape(std::span<const Stratum> strata, std::size_t output) {
  double second = 0.0, third = 0.0, fourth = 0.0;
  for (const Stratum& stratum : strata) {
    const Moments m = stratum.values().output(output);
    if (m.count < 2) continue;
    const auto n = static_cast<double>(m.count);
    const double scale = stratum.probability() / n;
    second += scale * scale * m.m2;
    // Means of many points each are nearly normal: a skewness within twice its own standard error,
    // √(6/n), is noise.
    const double skewness = std::sqrt(n) * m.m3 / std::pow(m.m2, 1.5);
    const bool noise = stratum.replicates() > 0 && std::abs(skewness) < 2.0 * std::sqrt(6.0 / n);
    if (!noise) third += scale * scale * scale * m.m3;
    fourth += scale * scale * scale * scale * (m.m4 - 3.0 * m.m2 * m.m2 / n);
  }
  if (!(second > 0.0)) return {};
  return {third / std::pow(second, 1.5), fourth / (second * second)};
}

double effective_samples(std::span<const Stratum> strata, std::size_t weight_output) {
  double sum = 0.0;
  for (const Stratum& stratum : strata) {
    const Moments w = stratum.values().output(weight_output);
    const auto n = static_cast<double>(w.count);
    const double square = w.mean * w.mean;
    if (w.count > 0) sum += n * square / (square + w.m2 / n);
  }
  return sum;
}

CountRange resolved(std::span<const Stratum> strata, const std::vector<bool>& varies,
                    const std::vector<bool>& controlled, std::size_t outputs) {
  std::vector<std::pair<Index, bool>> skeletons;
  std::size_t likeliest = 0;
  double largest = -1.0;
  for (std::size_t s = 0; s < strata.size(); ++s) {
    const Stratum& stratum = strata[s];
    const CountRange range = stratum.range();
    const JointMoments together = stratum.values();
    const auto all = static_cast<double>(together.count());
    bool agree = true;
    for (std::size_t a = 0; a < outputs; ++a) {
      agree = agree && together.output(a).m2 == 0.0;
    }
    for (Index l = range.first; l <= range.last; ++l) {
      if (!stratum.possible(l)) continue;
      const JointMoments values = stratum.on_skeleton(l);
      bool differ = values.count() >= 2 && (stratum.fixed() || !agree || varies[s]);
      if (stratum.fixed() && l > 0) {
        differ = varies[s];
        for (std::size_t a = 0; a < outputs && !controlled[s]; ++a) {
          differ |= values.output(a).m2 > 0.0;
        }
      }
      const double share = stratum.probability() * static_cast<double>(values.count()) / all;
      if (differ && share > largest) {
        largest = share;
        likeliest = skeletons.size();
      }
      skeletons.emplace_back(l, differ);
    }
  }
  if (largest < 0.0) return {strata.front().range().first, strata.front().range().first - 1};
  std::size_t first = likeliest, last = likeliest;
  while (first > 0 && skeletons[first - 1].second) --first;
  while (last + 1 < skeletons.size() && skeletons[last + 1].second) ++last;
  return {skeletons[first].first, skeletons[last].first};
}

double clopper_pearson(std::uint64_t points, double confidence) {
  return -std::expm1(std::log(0.5 * (1.0 - confidence)) / static_cast<double>(points));
}

std::uint64_t points_off_the_likeliest(std::span<const Stratum> strata) {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  for (const Stratum& stratum : strata) {
    if (stratum.fixed()) continue;
    std::uint64_t all = 0, likeliest = 0;
    for (Index l = stratum.range().first; l <= stratum.range().last; ++l) {
      const std::uint64_t count = stratum.on_skeleton(l).count();
      all += count;
      likeliest = std::max(likeliest, count);
    }
    least = std::min(least, all - likeliest);
  }
  return least;
}

std::uint64_t points(std::span<const Stratum> strata) {
  return std::accumulate(strata.begin(), strata.end(), std::uint64_t{0},
                         [](std::uint64_t n, const Stratum& s) { return n + s.points(); });
}

std::uint64_t non_finite(std::span<const Stratum> strata) {
  return std::accumulate(strata.begin(), strata.end(), std::uint64_t{0},
                         [](std::uint64_t n, const Stratum& s) { return n + s.non_finite(); });
}

}  // namespace skeleta::estimate
