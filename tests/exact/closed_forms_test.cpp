#include "exact/closed_forms.h"

#include <gtest/gtest.h>

#include <boost/math/quadrature/gauss.hpp>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <random>
#include <vector>

// Every closed form against quadrature of its definition in 50 digits: Gauss–Legendre of 15 points
// on the pieces between the kinks, where the integrand is a polynomial of low degree.
namespace skeleta::exact {
namespace {

using Wide = boost::multiprecision::cpp_bin_float_50;

template <class F>
Wide integrate(F f, std::vector<Wide> knots) {
  knots.push_back(0);
  knots.push_back(1);
  for (Wide& t : knots) t = t < 0 ? Wide(0) : t > 1 ? Wide(1) : t;
  std::sort(knots.begin(), knots.end());
  Wide sum = 0;
  for (std::size_t n = 0; n + 1 < knots.size(); ++n) {
    if (knots[n] < knots[n + 1]) {
      sum += boost::math::quadrature::gauss<Wide, 15>::integrate(f, knots[n], knots[n + 1]);
    }
  }
  return sum;
}

template <class F>
Wide over_line(double a, Wide c, F f) {
  std::vector<Wide> knots;
  if (a != 0.0) knots.push_back(c / a);
  return integrate([&](Wide t) { return f(t, Wide(a * t - c)); }, knots);
}

template <class F>
Wide over_pairs(double a1, double a2, double c, F f) {
  std::vector<Wide> knots;
  if (a1 != 0.0) knots = {Wide(c) / a1, (Wide(c) - a2) / a1};
  return integrate(
      [&](Wide t1) {
        return over_line(a2, Wide(c) - a1 * t1, [&](Wide t2, Wide u) { return f(t1, t2, u); });
      },
      knots);
}

Wide relu(const Wide& u) {
  return u > 0 ? u : Wide(0);
}
Wide step(const Wide& u) {
  return u > 0 ? Wide(1) : Wide(0);
}
Wide square(const Wide& u) {
  return u * u;
}

// Slopes and thresholds of both signs, zeros, repeated and tiny ones.
double draw(std::mt19937_64& random) {
  static const double special[] = {0.0, 1.0, -1.0, 1e-9, -1e-9, 1e-150, 0.5, 10.0, 1e-310};
  const auto pick = random() % 18;
  return pick < 9 ? special[pick] : std::normal_distribution<>(0.0, 1.0)(random);
}

void expect_close(double value, const Wide& expected, double scale) {
  const auto reference = static_cast<double>(expected);
  EXPECT_NEAR(value, reference, 1e-14 * std::abs(reference) + 4e-16 * scale);
}

TEST(ClosedForms, OneFeatureMatchesQuadrature) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 2000; ++trial) {
    const double a = draw(random), c = draw(random), x = draw(random);
    SCOPED_TRACE(testing::Message() << "a = " << a << ", c = " << c << ", x = " << x);
    const auto line = [&](auto f) { return over_line(a, c, f); };
    expect_close(phi(a, c), line([](Wide, Wide u) { return square(relu(u)); }), 0.0);
    expect_close(phi1(a, c), line([](Wide, Wide u) { return relu(u); }), 0.0);
    expect_close(psi(a, c), line([](Wide t, Wide u) { return Wide(t * relu(u)); }), 0.0);
    if (a != 0.0 || c != 0.0) {
      expect_close(above(a, c), line([](Wide, Wide u) { return step(u); }), 0.0);
      expect_close(above_t(a, c), line([](Wide t, Wide u) { return Wide(t * step(u)); }), 0.0);
      expect_close(above_tt(a, c), line([](Wide t, Wide u) { return Wide(t * t * step(u)); }), 0.0);
    }
    expect_close(error_of_value(x, a, c),
                 line([&](Wide, Wide u) { return square(Wide(x - relu(u))); }), x * x);
    // The slack is for 1 − (a − c), whose operands are rounded.
    expect_close(own_error(a, c), line([](Wide t, Wide u) { return square(Wide(t - relu(u))); }),
                 1.0);
  }
}

TEST(ClosedForms, TwoFeaturesMatchNestedQuadrature) {
  std::mt19937_64 random(2);
  for (int trial = 0; trial < 400; ++trial) {
    const double a1 = draw(random), a2 = draw(random), c = draw(random);
    SCOPED_TRACE(testing::Message() << "a1 = " << a1 << ", a2 = " << a2 << ", c = " << c);
    const auto pairs = [&](auto f) { return over_pairs(a1, a2, c, f); };
    const double size = std::max({std::abs(a1), std::abs(a2), std::abs(c)});
    expect_close(phi_pair(a1, a2, c), pairs([](Wide, Wide, Wide u) { return square(relu(u)); }),
                 size * size);
    expect_close(psi_pair(a1, a2, c), pairs([](Wide t, Wide, Wide u) { return Wide(t * relu(u)); }),
                 size);
    expect_close(own_error_pair(a1, a2, c),
                 pairs([](Wide t, Wide, Wide u) { return square(Wide(t - relu(u))); }),
                 1.0 + size * size);
    if (size == 0.0 || (c == 0.0 && (a1 == 0.0 || a2 == 0.0))) continue;  // on the kink
    expect_close(above_pair_t(a1, a2, c),
                 pairs([](Wide t, Wide, Wide u) { return Wide(t * step(u)); }), 1.0);
    expect_close(above_pair_tt(a1, a2, c),
                 pairs([](Wide t, Wide, Wide u) { return Wide(t * t * step(u)); }), 1.0);
    expect_close(above_pair_product(a1, a2, c),
                 pairs([](Wide t, Wide s, Wide u) { return Wide(t * s * step(u)); }), 1.0);
  }
}

TEST(ClosedForms, APerfectOutputHasNoError) {
  EXPECT_EQ(own_error(1.0, 0.0), 0.0);
  EXPECT_EQ(own_error_pair(1.0, 0.0, 0.0), 0.0);
  EXPECT_EQ(own_error_pair(1.0, -0.0, 0.0), 0.0);
  const double off =
      1e-9;  // t − (1 − off) t: the textbook 1/3 − 2ψ + φ would return rounding noise
  EXPECT_NEAR(own_error(1.0 - off, 0.0), off * off / 3.0, 1e-6 * off * off);
}

}  // namespace
}  // namespace skeleta::exact
