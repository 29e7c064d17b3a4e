#pragma once

#include <cmath>
#include <cstdint>

namespace skeleta::estimate {

/// Count, mean and central sums m_k = Σ (y − mean)^k of some values: mergeable without cancellation
/// (Chan, Golub & LeVeque 1983; Pébay, SAND2008-6212), which sums of powers are not.
struct Moments {
  std::uint64_t count = 0;
  double mean = 0.0;
  double m2 = 0.0, m3 = 0.0, m4 = 0.0;

  void merge(const Moments& other) {
    if (other.count == 0) return;
    if (count == 0) {
      *this = other;
      return;
    }
    const auto a = static_cast<double>(count), b = static_cast<double>(other.count);
    const double n = a + b, shift = other.mean - mean;
    const double part = shift / n, cross = shift * part * a * b;
    m4 += other.m4 + cross * part * part * (a * a - a * b + b * b) +
          6.0 * part * part * (a * a * other.m2 + b * b * m2) +
          4.0 * part * (a * other.m3 - b * m3);
    m3 += other.m3 + cross * part * (a - b) + 3.0 * part * (a * other.m2 - b * m2);
    m2 += other.m2 + cross;
    mean += part * b;
    count += other.count;
  }

  /// Unbiased sample variance; 0 for fewer than two values.
  double variance() const { return count > 1 ? m2 / static_cast<double>(count - 1) : 0.0; }
  double deviation() const { return std::sqrt(variance()); }
};

}  // namespace skeleta::estimate
