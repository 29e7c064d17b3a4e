#include "exact/half_line_lanes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <initializer_list>

#include "skeleta/measure/value_law.h"

namespace skeleta::exact {
namespace {

using Number = std::complex<double>;

Number lane_of(const Complex& x, int lane) {
  return {x.re[lane], x.im[lane]};
}

// Both are compared to the larger of the two terms that the reflection subtracts.
void compare(double re, double first, double spacing) {
  const ValueLaw law = ValueLaw::half_normal(1.0);
  const Lanes im = first + spacing * counting(0.0);
  const HalfLine found = half_normal_lanes(re, im, true);
  const HalfLine fewer = half_normal_lanes(re, im, false);
  const Complex* moments[] = {&found.j0, &found.j1, &found.j2};
  for (int lane = 0; lane < lane_count; ++lane) {
    const Number a(re, im[lane]);
    const ExponentialMoments exact = law.exponential_moments(a),
                             other = law.exponential_moments(-a);
    const double scale = std::exp(exact.log_scale);
    for (std::size_t k = 0; k < 3; ++k) {
      const Number value = scale * exact.value[k];
      const double size = std::max(std::abs(value), re > 0.0 ? std::abs(other.value[k]) : 0.0);
      EXPECT_LE(std::abs(lane_of(*moments[k], lane) - value), 1e-13 * size) << a << " " << k;
    }
    EXPECT_LE(std::abs(lane_of(fewer.j0, lane) - lane_of(found.j0, lane)),
              1e-14 * std::abs(other.value[0]))
        << a;
  }
}

TEST(HalfLineLanes, AreTheIntegralsOfOneNumber) {
  for (const double re : {1e-9, 1e-3, 0.1, 0.5, 1.2, 2.4, 3.4, 3.6, 5.0, 8.0, 11.9, 12.1, 30.0}) {
    for (const double spacing : {1e-3, 0.02, 0.11, 0.5, 1.7, 30.0}) {
      for (const double group : {0.0, 1.0, 2.0, 5.0, 12.0, 40.0}) {
        for (const double sign : {-1.0, 1.0}) {
          compare(-re, sign * group * 8.0 * spacing, sign * spacing);
          if (re < 8.0) compare(re, sign * group * 8.0 * spacing, sign * spacing);
        }
      }
    }
  }
}

}  // namespace
}  // namespace skeleta::exact
