#include "exact/value_lanes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <initializer_list>

#include "skeleta/measure/law_text.h"

namespace skeleta::exact {
namespace {

using Number = std::complex<double>;

constexpr int groups = 4;

const ValueLaw laws[] = {ValueLaw::uniform(0.0, 1.0), ValueLaw::uniform(-1.0, 1.0),
                         ValueLaw::uniform(0.5, 2.0), ValueLaw::constant(0.7),
                         ValueLaw::exponential(0.4),  ValueLaw::half_normal(0.5),
                         ValueLaw::half_normal(3.0),  ValueLaw::normal(0.5, 0.3)};

Number lane_of(const Complex& x, int lane) {
  return {x.re[lane], x.im[lane]};
}

// At nodes from k = 0 on, and far out.
TEST(ValueLanes, TransformsOfABlockAreThoseOfOneNumber) {
  for (const ValueLaw& law : laws) {
    for (const double period : {2.0, 9.0}) {
      const Contour contour{period};
      for (const double g : {-1.3, -0.02, 1e-3, 0.03, 0.4, 1.1}) {
        if (contour.abscissa() * g >= 0.9 * law.strip()) continue;
        for (const Index first : {Index{0}, Index{32}, Index{480}, Index{4096}}) {
          Group block[groups];
          Complex h[groups];
          for (int m = 0; m < groups; ++m) block[m] = group_at(contour, first + m * lane_count);
          ValueTransform transform;
          transform.start(law, g, contour, first);
          transform.at_block(law, g, block, h);
          for (int k = 0; k < groups * lane_count; ++k) {
            const Number a = g * lane_of(block[k / lane_count].s, k % lane_count);
            const ExponentialMoments exact = law.exponential_moments(a);
            const Number value = std::exp(exact.log_scale) * exact.value[0];
            double error = 1e-13 * std::abs(value);
            if (law.kind() != ValueKind::half_normal) {  // the phases' rounding
              error = (1e-13 + 1e-15 * std::abs(a)) * law.transform_bound(0, a.real());
            }
            EXPECT_LE(std::abs(lane_of(h[k / lane_count], k % lane_count) - value), error)
                << to_string(law) << " " << a;
          }
        }
      }
    }
  }
}

// A bound from a frequency on holds there and beyond, and is not far above the largest of them.
TEST(ValueLanes, BoundsHoldOnTheRestOfTheLine) {
  for (const ValueLaw& law : laws) {
    for (const double re : {-20.0, -2.5, -1.1, -0.9, -0.1, 0.0, 0.1, 0.9, 1.1, 2.1}) {
      if (re >= 0.9 * law.strip()) continue;
      const double g = re > 0.0 ? 0.7 : -1.3;  // a = gs
      const Lanes abscissa = broadcast(re / g);
      const MomentBounds still = still_bounds(law, g, with_inverse(abscissa), true);
      for (const double least : {0.0, 0.3, 2.0, 8.0, 60.0}) {
        const Lanes im[] = {least + counting(0.0), 3.0 * least + counting(0.0)};
        const double over = 1.0 / std::abs(g);
        const WithInverse at[] = {with_inverse(over * im[0]), with_inverse(over * im[1])};
        MomentBounds bounds[] = {still, still};
        lower_bounds<2>(law, g, abscissa, at, true, bounds);
        for (int lane = 0; lane < 2 * lane_count; ++lane) {
          const double begin = im[lane / lane_count][lane % lane_count];
          for (std::size_t k = 0; k < 3; ++k) {
            const double bound = bounds[lane / lane_count].b[k][lane % lane_count];
            double most = 0.0;
            for (const double beyond : {0.0, 0.2, 0.7, 1.3, 2.2, 3.1, 5.0, 17.0}) {
              const ExponentialMoments h = law.exponential_moments({re, begin + beyond});
              most = std::max(most, std::exp(h.log_scale) * std::abs(h.value[k]));
            }
            EXPECT_LE(most, bound * (1 + 1e-12) + 1e-15 * still.b[k][0])
                << to_string(law) << " " << re << " " << begin << " " << k;
          }
        }
      }
    }
  }
}

// E|U|e^{aU} over E e^{aU} at real a.
TEST(ValueLanes, SizesOfTiltedValuesAreBounded) {
  for (const ValueLaw& law : laws) {
    for (const double a : {-20.0, -2.5, -0.4, 0.0, 0.4, 1.1, 2.1}) {
      if (a >= 0.9 * law.strip() || law.least() < 0.0) continue;
      const ExponentialMoments h = law.exponential_moments(a);
      const double size = h.value[1].real() / h.value[0].real();
      EXPECT_LE(size, size_bound(law, a) * (1 + 1e-13)) << to_string(law) << " " << a;
    }
  }
}

// The half-normal density jumps at 0 only, u times it not at all: far out the first transform
// is √(2/π)/|a|, the second √(2/π)/|a|², and the bounds are no more than twice and four times that.
TEST(ValueLanes, BoundsOfTheHalfNormalLawAreSharp) {
  const ValueLaw law = ValueLaw::half_normal(0.5);
  for (const double re : {-0.8, 0.0, 0.6}) {
    MomentBounds bounds = still_bounds(law, 1.0, with_inverse(broadcast(re)), true);
    const WithInverse im = with_inverse(broadcast(50.0));
    lower_bounds<1>(law, 1.0, broadcast(re), &im, true, &bounds);
    EXPECT_LE(bounds.b[0][0], 1.3 * half_normal_density / 25.0) << re;
    EXPECT_LE(bounds.b[1][0], 0.5 * 5.0 * half_normal_density / 625.0) << re;
  }
}

}  // namespace
}  // namespace skeleta::exact
