#include "certify/interval.h"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_dec_float.hpp>
#include <limits>
#include <random>

#include "support.h"

namespace skeleta::certify {
namespace {

using Exact = boost::multiprecision::number<boost::multiprecision::cpp_dec_float<60>>;

bool holds(const Interval& interval, const Exact& x) {
  return Exact(interval.lo) <= x && x <= Exact(interval.hi);
}

// Numbers of all sizes, and round ones.
class Numbers {
 public:
  double number() {
    if (uniform_(random_) < 0.1) return std::round(8.0 * uniform_(random_)) - 4.0;
    const double size = std::exp2(20.0 * uniform_(random_) - 10.0);
    return (uniform_(random_) < 0.5 ? -size : size) * (0.5 + uniform_(random_));
  }
  // As wide as numbers are large, or hardly wide at all.
  Interval interval() {
    const double x = number(), y = uniform_(random_) < 0.5 ? number() : x * (1.0 + 1e-15);
    return {std::min(x, y), std::max(x, y)};
  }
  double of(const Interval& x) {
    const double t = uniform_(random_);
    if (t < 0.2) return x.lo;
    if (t > 0.8) return x.hi;
    return std::clamp(x.lo + uniform_(random_) * (x.hi - x.lo), x.lo, x.hi);
  }

 private:
  std::mt19937_64 random_{1};
  std::uniform_real_distribution<double> uniform_;
};

// 10⁷ results of the operations that round, against 60 digits: none may be outside.
TEST(Interval, HoldsTheTrueResultOfEveryOperation) {
  Numbers numbers;
  const int count = testing::scaled(1'000'000, 1000);
  long outside = 0;
  for (int n = 0; n < count; ++n) {
    const Interval x = numbers.interval(), y = numbers.interval();
    const double a = numbers.of(x), b = numbers.of(y);
    const Exact A = a, B = b;
    outside += !holds(x + y, A + B) + !holds(x - y, A - B) + !holds(x * y, A * B) +
               !holds(square(x), A * A) + !holds(cube(x), A * A * A) +
               !holds(Interval(a) + Interval(b), A + B) + !holds(Interval(a) * Interval(b), A * B);
    const Exact quotient = b == 0.0 ? Exact(0) : Exact(A / B);
    outside += !holds(x / y, quotient) + !holds(Interval(a) / Interval(b), quotient);
    if (a >= 0.0) outside += !holds(root(greater(x, 0.0)), sqrt(A));
  }
  EXPECT_EQ(outside, 0);
}

TEST(Interval, HoldsPowersCosinesAndSines) {
  Numbers numbers;
  const int count = testing::scaled(20'000, 500);
  for (int n = 0; n < count; ++n) {
    const Interval x = numbers.interval();
    const double a = numbers.of(x);
    const Exact A = a;
    for (int k = 0; k <= 6; ++k) ASSERT_TRUE(holds(power(x, k), pow(A, k))) << a << "^" << k;
    ASSERT_TRUE(holds(cos(x), cos(A))) << a;
    ASSERT_TRUE(holds(sin(x), sin(A))) << a;
    ASSERT_TRUE(holds(cos(Interval(a)), cos(A))) << a;
    ASSERT_TRUE(holds(sin(Interval(a)), sin(A))) << a;
  }
}

TEST(Interval, IsNoWiderThanItNeedsToBe) {
  Numbers numbers;
  for (int n = 0; n < 1000; ++n) {
    const double a = numbers.number(), b = numbers.number();
    const Interval product = Interval(a) * Interval(b), sum = Interval(a) + Interval(b);
    const double unit = std::numeric_limits<double>::epsilon();
    EXPECT_LE(product.width(), 3.0 * unit * std::abs(a * b) + 1e-300);
    EXPECT_LE(sum.width(), 3.0 * unit * std::abs(a + b) + 1e-300);
    const double angle = std::fmod(a, 10.0);
    EXPECT_LE(cos(Interval(angle)).width(), 1e-14) << angle;
  }
  EXPECT_DOUBLE_EQ(cos(Interval(1.0)).middle(), std::cos(1.0));
  EXPECT_DOUBLE_EQ(sin(Interval(1.0)).middle(), std::sin(1.0));
}

TEST(Interval, KnowsWhereCosinesAreExtreme) {
  EXPECT_EQ(cos(Interval(-0.1, 0.2)).hi, 1.0);
  EXPECT_EQ(cos(Interval(3.0, 3.2)).lo, -1.0);
  EXPECT_LT(cos(Interval(3.0, 3.1)).hi, -0.98);
  EXPECT_EQ(sin(Interval(1.5, 1.6)).hi, 1.0);
  EXPECT_EQ(cos(Interval(0.0, 7.0)).lo, -1.0);
  EXPECT_TRUE(holds(pi, Exact("3.14159265358979323846264338327950288419716939937510582097494")));
}

// Neighbours, where numbers are largest, smallest and powers of two.
TEST(Interval, RoundsToNeighbours) {
  using Limits = std::numeric_limits<double>;
  for (const double x : {0.0, 1.0, -1.0, 2.0, 0.1, 1e300, 1e-300, -3e-310, Limits::min(),
                         Limits::denorm_min(), Limits::max(), -Limits::max()}) {
    EXPECT_LE(below(x), std::nextafter(x, -Limits::infinity())) << x;
    EXPECT_GE(above(x), std::nextafter(x, Limits::infinity())) << x;
  }
  EXPECT_EQ(below(Limits::infinity()), Limits::max());
  EXPECT_EQ(above(-Limits::infinity()), -Limits::max());
  EXPECT_EQ((Interval(1.0) / Interval(-1.0, 1.0)).hi, Limits::infinity());
}

}  // namespace
}  // namespace skeleta::certify
