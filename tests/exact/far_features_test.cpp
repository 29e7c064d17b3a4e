#include "exact/far_features.h"

#include <gtest/gtest.h>

#include <complex>
#include <limits>

#include "skeleta/measure/value_law.h"

namespace skeleta::exact {
namespace {

using Number = std::complex<double>;

constexpr double scales[] = {0.3, -0.21, 0.12, -0.5, 1.4};
constexpr double odds[] = {0.02, 0.1, 0.4, 0.01, 0.05};
constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr int groups = 4;

// One feature more at a time, as in the other kernels, with transforms of measure/half_line.h.
void compare(const FarFeatures& far, const Contour& contour, Index first, double tolerance) {
  Group block[groups];
  for (int m = 0; m < groups; ++m) block[m] = group_at(contour, first + m * lane_count);
  Complex one[groups], rest[groups];
  far.parts<groups>(block, one, rest);
  const ValueLaw law = ValueLaw::half_normal(1.0);
  for (int k = 0; k < groups * lane_count; ++k) {
    const int m = k / lane_count, lane = k % lane_count;
    const Number s(block[m].s.re[lane], block[m].s.im[lane]);
    Number exact_one = 0.0, exact_rest = 0.0;
    double sum = 0.0;
    for (std::size_t j = 0; j < std::size(scales); ++j) {
      const ExponentialMoments h = law.exponential_moments(scales[j] * s);
      const Number x = odds[j] * std::exp(h.log_scale) * h.value[0];
      exact_rest += x * (exact_one + exact_rest);
      exact_one += x;
      sum += odds[j];
    }
    EXPECT_LE(std::abs(Number(one[m].re[lane], one[m].im[lane]) - exact_one), sum * tolerance);
    EXPECT_LE(std::abs(Number(rest[m].re[lane], rest[m].im[lane]) - exact_rest),
              sum * sum * tolerance)
        << s;
  }
}

TEST(FarFeatures, AreTheProductOfTheirTransforms) {
  const Contour contour{4.0};
  const double re = contour.abscissa();
  FarFeatures far;
  std::size_t taken = 0;
  Index first = 0;
  for (; taken < std::size(scales); first += 32) {
    ASSERT_LT(first, 2000);
    const double im = contour.spacing() * static_cast<double>(first);
    taken = 0;
    FarFeatures all;
    for (std::size_t j = 0; j < std::size(scales); ++j) {
      const double none = 1.0 / (1.0 + odds[j]);
      taken += all.take(odds[j], scales[j], re, im, epsilon * std::abs(Number(re, im)) / re, none);
    }
    far = all;
  }
  first -= 32;
  EXPECT_GT(first, 0);  // none of them at the first nodes
  for (const Index node : {first, 2 * first, 10 * first, 100 * first}) {
    const double im = contour.spacing() * static_cast<double>(node);
    compare(far, contour, node, 2.0 * epsilon * im / re + 4.0 * epsilon);
  }
}

// What is close, or so dense that the series of the product is long, has to wait.
TEST(FarFeatures, DoNotTakeWhatIsClose) {
  FarFeatures far;
  EXPECT_FALSE(far.take(0.01, 0.1, 1.0, 80.0, 1e-13, 0.99));
  EXPECT_FALSE(far.take(100.0, 0.1, 1.0, 100.0, 1e-13, 0.01));
  EXPECT_FALSE(far.take(0.01, 0.1, 1.0, 100.0, 1e-17, 0.99));
  EXPECT_TRUE(far.take(0.01, 0.1, 1.0, 100.0, 1e-13, 0.99));
  EXPECT_EQ(far.mass(), 0.99);
}

}  // namespace
}  // namespace skeleta::exact
