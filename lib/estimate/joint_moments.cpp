#include "estimate/joint_moments.h"

#include <algorithm>
#include <utility>

namespace skeleta::estimate {
namespace {

bool finite(const double* values, std::size_t outputs) {
  return std::all_of(values, values + outputs, [](double y) { return std::isfinite(y); });
}

// Moves the points whose values are all finite to the front; returns how many they are.
std::size_t keep_finite(std::span<double> values, std::size_t outputs) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i * outputs < values.size(); ++i) {
    const double* const point = values.data() + i * outputs;
    if (finite(point, outputs)) std::copy_n(point, outputs, values.data() + outputs * kept++);
  }
  return kept;
}

// Σ (y − origin): with the first value as origin, a constant has the mean of itself to the last
// bit.
double sum_of(const double* y, std::size_t count, std::size_t stride, double origin) {
  double sum = 0.0;
#pragma omp simd reduction(+ : sum)
  for (std::size_t i = 0; i < count; ++i) sum += y[i * stride] - origin;
  return sum;
}

// Two passes over the values: first the mean, then powers of the deviations from it.
void central_sums(const double* y, std::size_t count, std::size_t stride, double mean,
                  double* result) {
  double m2 = 0.0, m3 = 0.0, m4 = 0.0;
#pragma omp simd reduction(+ : m2, m3, m4)
  for (std::size_t i = 0; i < count; ++i) {
    const double d = y[i * stride] - mean, d2 = d * d;
    m2 += d2;
    m3 += d2 * d;
    m4 += d2 * d2;
  }
  result[0] = mean;
  result[1] = m2;
  result[2] = m3;
  result[3] = m4;
}

}  // namespace

std::size_t JointMoments::summarise(std::span<double> values, std::size_t outputs,
                                    std::span<double> flat) {
  std::fill(flat.begin(), flat.end(), 0.0);
  const std::size_t all = values.size() / outputs;
  if (all == 0) return 0;
  // A finite sum has finite terms, which saves looking at each of them.
  std::size_t count = all;
  for (std::size_t a = 0; a < outputs && count == all; ++a) {
    if (!std::isfinite(sum_of(values.data() + a, all, outputs, 0.0))) {
      count = keep_finite(values, outputs);
      break;
    }
  }
  if (count == 0) return all;
  flat[0] = static_cast<double>(count);
  double* const moments = flat.data() + 1;
  for (std::size_t a = 0; a < outputs; ++a) {
    const double mean = values[a] + sum_of(values.data() + a, count, outputs, values[a]) / flat[0];
    central_sums(values.data() + a, count, outputs, mean, moments + 4 * a);
  }
  double* product = moments + 4 * outputs;
  for (std::size_t a = 0; a < outputs; ++a) {
    for (std::size_t b = a + 1; b < outputs; ++b, ++product) {
      for (std::size_t i = 0; i < count; ++i) {
        const double* const y = values.data() + i * outputs;
        *product += (y[a] - moments[4 * a]) * (y[b] - moments[4 * b]);
      }
    }
  }
  return all - count;
}

double JointMoments::product(std::size_t a, std::size_t b) const {
  if (a == b) return output(a).m2;
  if (a > b) std::swap(a, b);
  // The rows before a hold outputs − 1, outputs − 2, … pairs.
  const std::size_t before = a * outputs_ - a * (a + 1) / 2;
  return flat_[1 + 4 * outputs_ + before + (b - a - 1)];
}

void JointMoments::merge(std::span<const double> other) {
  const double n = flat_[0], m = other[0];
  if (m == 0.0) return;
  double* product = flat_.data() + 1 + 4 * outputs_;
  const double* added = other.data() + 1 + 4 * outputs_;
  for (std::size_t a = 0; a < outputs_; ++a) {
    const double shift = other[1 + 4 * a] - flat_[1 + 4 * a];
    for (std::size_t b = a + 1; b < outputs_; ++b, ++product, ++added) {
      const double cross = shift * (other[1 + 4 * b] - flat_[1 + 4 * b]);
      *product += *added + (n > 0.0 ? cross * (n * m / (n + m)) : 0.0);
    }
  }
  for (std::size_t a = 0; a < outputs_; ++a) {
    Moments sum = moments(flat_, a);
    sum.merge(moments(other, a));
    double* const into = flat_.data() + 1 + 4 * a;
    into[0] = sum.mean;
    into[1] = sum.m2;
    into[2] = sum.m3;
    into[3] = sum.m4;
  }
  flat_[0] = n + m;
}

}  // namespace skeleta::estimate
