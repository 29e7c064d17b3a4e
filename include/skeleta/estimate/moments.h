#pragma once

#include <cmath>
#include <cstdint>

namespace skeleta::estimate {

/// Count, mean and M2 = Σ (y − mean)² of some values: mergeable without cancellation (Chan, Golub &
/// LeVeque 1983), which a sum of squares is not.
struct Moments {
  std::uint64_t count = 0;
  double mean = 0.0;
  double m2 = 0.0;

  void merge(const Moments& other) {
    if (other.count == 0) return;
    const auto n = static_cast<double>(count), m = static_cast<double>(other.count);
    const double shift = other.mean - mean;
    count += other.count;
    mean += shift * (m / (n + m));
    m2 += other.m2 + shift * shift * (n * m / (n + m));
  }

  /// Unbiased sample variance; 0 for fewer than two values.
  double variance() const { return count > 1 ? m2 / static_cast<double>(count - 1) : 0.0; }
  double deviation() const { return std::sqrt(variance()); }
};

}  // namespace skeleta::estimate
