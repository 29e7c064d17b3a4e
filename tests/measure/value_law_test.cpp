#include "skeleta/measure/value_law.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>

#include "measure/quadrature.h"
#include "skeleta/measure/law_text.h"

#include "support.h"

namespace skeleta {
namespace {

using Complex = std::complex<double>;
using testing::Density;
using testing::Long;
using LongComplex = std::complex<long double>;

constexpr double epsilon = std::numeric_limits<double>::epsilon();

std::vector<ValueLaw> laws() {
  return {
      ValueLaw::uniform(0, 1),     ValueLaw::uniform(-1, 1),      ValueLaw::uniform(2, 2.001),
      ValueLaw::uniform(-3, 1),    ValueLaw::uniform(0, 1e10),    ValueLaw::uniform(-1e-10, 2e-10),
      ValueLaw::exponential(1),    ValueLaw::exponential(1e-10),  ValueLaw::half_normal(1),
      ValueLaw::half_normal(3e10), ValueLaw::normal(0, 1),        ValueLaw::normal(2, 0.5),
      ValueLaw::normal(-1, 1e-4),  ValueLaw::normal(1e-10, 1e-10)};
}

// E V^k e^{zV}, E |V|^k e^{Re z V}, V = U/unit, both divided by e^{log_scale}.
struct Transform {
  Long log_scale = -INFINITY;
  LongComplex value[5];
  Long absolute[6] = {};
};

Transform by_quadrature(const Density& d, LongComplex z) {
  Transform result;
  // Where the integrand is: around its largest value, as wide as it decays.
  const Long alpha = z.real();
  const bool gauss = d.high > 1e30L && d.low < -1e30L;
  Long low = d.low, high = d.high;
  if (gauss) {
    const Long top = d.centre + alpha * d.width * d.width;
    low = top - 10 * d.width;
    high = top + 10 * d.width;
  } else if (high > 1e30L) {
    const bool exponential = d.log_density(2.0L) - d.log_density(0.0L) == -2.0L &&
                             d.log_density(1.0L) - d.log_density(0.0L) == -1.0L;
    const Long top = exponential ? 0.0L : std::max(0.0L, alpha);
    low = std::max(0.0L, top - 10);
    high = exponential ? 55 / (1 - alpha) : top + std::min(10.5L, alpha < -5 ? 55 / -alpha : 10.5L);
  }
  const auto log_weight = [&](Long v) { return d.log_density(v) + alpha * v; };
  for (const Long v : {low, high, std::clamp(alpha, low, high), (low + high) / 2}) {
    result.log_scale = std::max(result.log_scale, log_weight(v));
  }
  const Long wavy = std::max(std::abs(z), 1 / d.width);
  const auto add = [&](Long v, Long weight) {
    weight *= std::exp(log_weight(v) - result.log_scale);
    const LongComplex wave = weight * std::polar(1.0L, z.imag() * v);
    Long power = 1.0L;
    for (int k = 0; k < 6; ++k) {
      if (k < 5) result.value[k] += wave * power;
      result.absolute[k] += weight * std::abs(power);
      power *= v;
    }
  };
  const Long zero = std::clamp(0.0L, low, high);
  if (zero > low) testing::for_each_point(low, zero, 4 / wavy, add);
  if (high > zero) testing::for_each_point(zero, high, 4 / wavy, add);
  return result;
}

void expect_transform(const ValueLaw& law, Complex point) {
  const Density d = testing::density_of(law);
  const auto unit = static_cast<double>(d.unit);
  const Complex a = point / unit;
  const Transform expected = by_quadrature(
      d, {static_cast<Long>(a.real()) * d.unit, static_cast<Long>(a.imag()) * d.unit});
  const ExponentialMoments found = law.exponential_moments(a);
  const double shift =
      std::exp(static_cast<double>(static_cast<Long>(found.log_scale) - expected.log_scale));
  const auto M = [&](int k) { return static_cast<double>(expected.absolute[k]); };
  EXPECT_LE(std::abs(found.value[0]), 1.0 + 1e-12 + std::abs(M(0)) / shift) << to_string(law);
  for (int k = 0; k < 5; ++k) {
    const Complex mine = found.value[static_cast<std::size_t>(k)] * shift;
    const LongComplex scaled = expected.value[k] * std::pow(d.unit, k);
    const Complex theirs(static_cast<double>(scaled.real()), static_cast<double>(scaled.imag()));
    // What an error of ε in a changes, and rounding.
    const double rounding = law.kind() == ValueKind::half_normal && k > 2 ? 1000 : 100;
    const double tolerance =
        rounding * epsilon * (M(k) + std::abs(point) * M(k + 1)) * std::pow(unit, k);
    EXPECT_NEAR(mine.real(), theirs.real(), tolerance)
        << to_string(law) << " a·unit = " << point << ", k = " << k;
    EXPECT_NEAR(mine.imag(), theirs.imag(), tolerance)
        << to_string(law) << " a·unit = " << point << ", k = " << k;
    // On the left nothing cancels, so all digits are there (as far as 64 bits can tell).
    if (law.kind() == ValueKind::half_normal && point.real() <= 0.0 && std::abs(point) < 30.0) {
      EXPECT_NEAR(std::abs(mine - theirs), 0.0, 1e4 * epsilon * std::abs(theirs))
          << to_string(law) << " " << point << " k = " << k;
    }
  }
}

TEST(ValueLaw, TransformsAreThoseOfTheirDensities) {
  const Complex i(0.0, 1.0);
  for (const ValueLaw& law : laws()) {
    for (const Complex z :
         {0.0 * i,           1e-12 + 0.0 * i,  -1e-12 + 0.0 * i, 1e-12 * i,         1e-6 + 1e-6 * i,
          0.1 + 0.0 * i,     -0.1 + 0.3 * i,   0.9 + 0.0 * i,    -1.0 + 0.0 * i,    -1.0 * i,
          1.5 + 2.5 * i,     -2.5 + 2.0 * i,   -3.4 - 1.0 * i,   -3.6 + 0.5 * i,    3.4 * i,
          3.6 * i,           1e-3 - 4.1 * i,   -0.2 + 5.0 * i,   -5.0 + 5.0 * i,    6.2 * i,
          8.0 + 3.0 * i,     -8.0 - 8.0 * i,   12.0 * i,         20.0 - 20.0 * i,   -30.0 + 0.0 * i,
          30.0 + 100.0 * i,  -100.0 + 3.0 * i, 1000.0 + 0.0 * i, -1000.0 + 0.0 * i, 1000.0 * i,
          -300.0 + 900.0 * i}) {
      if (law.kind() == ValueKind::exponential && z.real() >= 1.0) continue;
      expect_transform(law, z);
    }
  }
}

// Half-normal on a fine grid of directions where its two methods meet, and where the nodes of the
// sum pass the pole.
TEST(ValueLaw, HalfNormalIsSmoothWhereItsMethodsMeet) {
  for (double r = 3.3; r < 12.0; r *= 1.037) {
    for (double angle = 90.0; angle <= 180.0; angle += 7.3) {
      expect_transform(ValueLaw::half_normal(1), std::polar(r, angle * std::numbers::pi / 180.0));
    }
  }
}

TEST(ValueLaw, SymmetricLawsKeepRelativeDigitsNearZero) {
  const double a = 1e-12;
  const auto first = [&](const ValueLaw& law) {
    const ExponentialMoments moments = law.exponential_moments(a);
    return moments.value[1].real() * std::exp(moments.log_scale);
  };
  EXPECT_NEAR(first(ValueLaw::uniform(-1, 1)), a / 3, 1e-15 * a);
  EXPECT_NEAR(first(ValueLaw::normal(0, 2)), 4 * a, 1e-15 * a);
  EXPECT_EQ(ValueLaw::uniform(-1, 1).moment(3), 0.0);
}

TEST(ValueLaw, TransformsStayBelowTheirBounds) {
  std::vector<ValueLaw> all = laws();
  all.push_back(ValueLaw::constant(-1.5));
  for (const ValueLaw& law : all) {
    const double unit = std::max(std::abs(law.first()), std::abs(law.second()));
    for (const double re : {-30.0, -3.0, -0.1, 0.0, 0.1, 0.9, 4.0}) {
      if (re / unit >= law.strip()) continue;
      for (double im = 0.1; im < 2e3; im *= 1.3) {
        const Complex a(re / unit, im / unit);
        const ExponentialMoments moments = law.exponential_moments(a);
        for (int k = 0; k <= 2; ++k) {
          const double size = std::abs(moments.value[static_cast<std::size_t>(k)]);
          const double bound = law.transform_bound(k, a);
          EXPECT_LE(size, bound * (1 + 1e-12) + 1e-14 * law.transform_bound(k, a.real()))
              << to_string(law) << " " << a << " k = " << k;
          EXPECT_LE(bound, law.transform_bound(k, {a.real(), 0.5 * a.imag()}) * (1 + 1e-12));
        }
      }
    }
  }
}

TEST(ValueLaw, BoundsOfTransformsDecayUnlessThereIsAnAtom) {
  for (const ValueLaw& law : laws()) {
    const double unit = std::max(std::abs(law.first()), std::abs(law.second()));
    for (int k = 0; k <= 2; ++k) {
      const double far = law.transform_bound(k, {-0.5 / unit, 2e6 / unit});
      EXPECT_LE(far, 0.51 * law.transform_bound(k, {-0.5 / unit, 1e6 / unit})) << to_string(law);
      EXPECT_LE(far, 1e-2 * law.transform_bound(k, -0.5 / unit)) << to_string(law);
    }
  }
  EXPECT_EQ(ValueLaw::constant(2).transform_bound(1, {0.0, 1e6}), 2.0);
}

TEST(ValueLaw, TransformOfAConstantIsAnExponential) {
  const auto [log_scale, value] = ValueLaw::constant(-2).exponential_moments({1e3, 0.25});
  EXPECT_EQ(log_scale, -2e3);
  EXPECT_NEAR(std::abs(value[3] - -8.0 * std::polar(1.0, -0.5)), 0.0, 1e-14);
}

// Visits points v and probabilities of a rule over the whole density, cut at `threshold` and 0; it
// reaches far enough for the tail beyond the threshold itself.
template <class Visit>
void for_each_value(const Density& d, Long threshold, const Visit& visit) {
  const Long right = d.low < -1e30L ? 10 : 50;
  const Long low = std::max(d.low, std::min(threshold, d.centre) - 10 * d.width);
  const Long high = std::min(d.high, std::max(threshold, d.centre) + right * d.width);
  std::vector<Long> cuts{low, high};
  for (const Long cut : {threshold, Long{0}, d.centre}) {
    if (cut > low && cut < high) cuts.push_back(cut);
  }
  std::ranges::sort(cuts);
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    testing::for_each_point(cuts[i], cuts[i + 1], d.width / 2, [&](Long v, Long weight) {
      visit(v, weight * std::exp(d.log_density(v)));
    });
  }
}

Long power(Long x, int n) {
  Long result = 1.0L;
  for (int k = 0; k < n; ++k) result *= x;
  return result;
}

constexpr double thresholds[] = {-50, -1, -0.3, -1e-9, 0, 1e-3, 0.3, 1, 1.9, 2.1, 4.9, 5.1, 9, 25};

TEST(ValueLaw, PartialMomentsAreThoseOfTheirDensities) {
  for (const ValueLaw& law : laws()) {
    const Density d = testing::density_of(law);
    if (d.width < 1e-3L) continue;  // thresholds are that many widths away
    for (const double place : thresholds) {
      const double t = place * static_cast<double>(d.unit);
      const Long cut = static_cast<Long>(t) / d.unit;
      Long over[5] = {}, under[5] = {};
      for_each_value(d, cut, [&](Long v, Long p) {
        for (int n = 0; n <= 4; ++n) (v > cut ? over : under)[n] += p * power(std::abs(v - cut), n);
      });
      // Relative to the value, and what an error of ε in t changes in the far tail.
      const auto z = static_cast<double>((std::abs(cut) + std::abs(d.centre)) / d.width);
      const double relative = 1000 * epsilon * (1 + z * z);
      for (int n = 0; n <= 4; ++n) {
        const Long unit = power(d.unit, n);
        const auto expected = static_cast<double>(over[n] * unit);
        const auto expected_under = static_cast<double>(under[n] * unit);
        EXPECT_NEAR(law.excess(n, t), expected, relative * expected)
            << to_string(law) << " " << t << " " << n;
        EXPECT_NEAR(law.shortfall(n, t), expected_under, relative * expected_under)
            << to_string(law) << " " << t << " " << n;
      }
    }
  }
}

TEST(ValueLaw, RampMomentsAreThoseOfTheirDensities) {
  constexpr std::pair<int, int> orders[] = {{0, 1}, {0, 2}, {1, 0}, {1, 1},
                                            {1, 2}, {2, 0}, {2, 2}, {3, 1}};
  for (const ValueLaw& law : laws()) {
    const Density d = testing::density_of(law);
    if (d.width < 1e-3L) continue;
    for (const double place : thresholds) {
      for (const double g : {1.7, -0.6}) {
        const double c = g * place * static_cast<double>(d.unit);
        const Long slope = g, scaled = static_cast<Long>(c) / d.unit;
        Long value[8] = {}, scale[8] = {};
        for_each_value(d, scaled / slope, [&](Long v, Long p) {
          for (std::size_t k = 0; k < 8; ++k) {
            const auto [j, n] = orders[k];
            if (slope * v > scaled) value[k] += p * power(v, j) * power(slope * v - scaled, n);
            scale[k] +=
                p * power(std::abs(v), j) * power(std::abs(slope * v) + std::abs(scaled), n);
          }
        });
        for (std::size_t k = 0; k < 8; ++k) {
          const auto [j, n] = orders[k];
          const Long unit = power(d.unit, j + n);
          EXPECT_NEAR(law.ramp_moment(j, n, g, c), static_cast<double>(unit * value[k]),
                      200 * epsilon * static_cast<double>(unit * scale[k]))
              << to_string(law) << " g = " << g << ", t = " << place << ", j = " << j
              << ", n = " << n;
        }
      }
    }
  }
}

TEST(ValueLaw, MomentsAreThoseOfTheirDensities) {
  for (const ValueLaw& law : laws()) {
    const Density d = testing::density_of(law);
    Long raw[7] = {}, absolute[7] = {};
    for_each_value(d, d.centre, [&](Long v, Long p) {
      for (int k = 0; k < 7; ++k) {
        raw[k] += p * power(v, k);
        absolute[k] += p * power(std::abs(v), k);
      }
    });
    for (int k = 0; k < 7; ++k) {
      const auto size = static_cast<double>(absolute[k] * power(d.unit, k));
      EXPECT_NEAR(law.moment(k), static_cast<double>(raw[k] * power(d.unit, k)), 1e-14 * size)
          << to_string(law) << " k = " << k;
      if (k > 4) continue;
      EXPECT_NEAR(law.absolute_moment(k), size, 1e-12 * size) << to_string(law);
    }
  }
}

TEST(ValueLaw, PartialMomentsOfAConstantJump) {
  const ValueLaw law = ValueLaw::constant(2);
  EXPECT_EQ(law.excess(0, 2.0), 0.0);  // P(U > 2)
  EXPECT_EQ(law.excess(0, 1.9), 1.0);
  EXPECT_EQ(law.shortfall(2, 5.0), 9.0);
  EXPECT_EQ(law.ramp_moment(1, 1, 3.0, 4.0), 4.0);
  EXPECT_EQ(law.ramp_moment(1, 1, -3.0, 4.0), 0.0);
  EXPECT_EQ(law.ramp_moment(1, 1, 0.0, -4.0), 8.0);
  EXPECT_EQ(law.ramp_moment(0, 0, 0.0, 0.0), 0.0);
}

TEST(ValueLaw, TendsToTheConstantAndRescales) {
  EXPECT_EQ(ValueLaw::normal(3, 0), ValueLaw::constant(3));
  const ValueLaw narrow = ValueLaw::normal(3, 1e-9), limit = ValueLaw::constant(3);
  const Complex a(0.7, -2.0);
  const auto x = narrow.exponential_moments(a), y = limit.exponential_moments(a);
  for (std::size_t k = 0; k < 5; ++k) {
    EXPECT_NEAR(std::abs(x.value[k] * std::exp(x.log_scale - y.log_scale) - y.value[k]), 0.0,
                1e-13 * std::pow(3, k));
  }
  // Uniform[0, c] is c·Uniform[0, 1], to the bit for powers of two.
  const double c = 0x1p40;
  const auto large = ValueLaw::uniform(0, c).exponential_moments(a / c),
             unit = ValueLaw::uniform(0, 1).exponential_moments(a);
  for (std::size_t k = 0; k < 5; ++k) EXPECT_EQ(large.value[k], unit.value[k] * std::pow(c, k));
}

TEST(ValueLaw, QuantilesInvertTheProbabilities) {
  for (const ValueLaw& law : laws()) {
    double before = -INFINITY;
    for (const double u : {0x1p-54, 1e-9, 0.1, 0.4, 0.5, 0.77, 0.999, 1.0 - 0x1p-53}) {
      const double x = law.quantile(u);
      EXPECT_GE(x, before);
      before = x;
      // A rounding of x moves the probability by density · ε|x|, large in the narrow laws.
      const double spread = std::sqrt(law.moment(2) - law.moment(1) * law.moment(1));
      const double slack =
          1e-13 + 4 * epsilon * std::abs(x) /
                      (law.kind() == ValueKind::normal ? law.second() : std::max(spread, 1e-300));
      EXPECT_NEAR(law.shortfall(0, x), u, slack) << to_string(law);
      EXPECT_NEAR(law.excess(0, x), 1.0 - u, slack) << to_string(law);
    }
    EXPECT_TRUE(std::isfinite(law.quantile(1.0)));
    EXPECT_GE(law.quantile(0x1p-54), law.least());
    EXPECT_LE(law.quantile(1.0), law.most());
  }
  EXPECT_EQ(ValueLaw().quantile(0.3), 0.3);
  EXPECT_EQ(ValueLaw::constant(-4).quantile(0.3), -4.0);
}

TEST(ValueLaw, KnowsItsSupport) {
  EXPECT_EQ(ValueLaw::uniform(-1, 2).most(), 2.0);
  EXPECT_FALSE(ValueLaw::uniform(-1, 2).non_negative());
  EXPECT_TRUE(ValueLaw::half_normal(2).non_negative());
  EXPECT_FALSE(ValueLaw::normal(5, 1).non_negative());
  EXPECT_EQ(ValueLaw::exponential(4).strip(), 0.25);
  EXPECT_EQ(ValueLaw::half_normal(4).strip(), INFINITY);
  EXPECT_TRUE(ValueLaw::constant(1).has_atoms());
}

TEST(ValueLaw, ReadsWhatItWrites) {
  for (const ValueLaw& law : laws()) EXPECT_EQ(parse_value_law(to_string(law)), law);
  EXPECT_EQ(to_string(ValueLaw()), "uniform:0,1");
  EXPECT_EQ(to_string(ValueLaw::half_normal(1)), "half-normal:1");
  EXPECT_EQ(ValueLaw::of(ValueKind::exponential, 2, 7), ValueLaw::exponential(2));
}

TEST(ValueLaw, RefusesBadNumbersInOneSentence) {
  const auto refusal = [](const char* text) -> std::string {
    try {
      parse_value_law(text);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(refusal("half-normal:-1"), "half-normal:-1: the scale must be finite and above 0");
  EXPECT_EQ(refusal("exponential:inf"), "exponential:inf: the mean must be finite and above 0");
  EXPECT_EQ(refusal("uniform:1,1"), "uniform:1,1: the ends must be finite and increasing");
  EXPECT_EQ(refusal("normal:0"), "'normal:0': 'normal' takes 2 numbers, not 1");
  EXPECT_EQ(refusal("normal:0,x"), "'normal:0,x': 'x' is not a number");
  EXPECT_EQ(refusal("constant"), "'constant': 'constant' takes 1 number, not 0");
  EXPECT_EQ(refusal("normal:0,-1").substr(0, 12), "normal:0,-1:");
  EXPECT_EQ(refusal("gauss:0,1").substr(0, 11), "'gauss:0,1'");
  EXPECT_EQ(refusal("constant:nan").substr(0, 13), "constant:nan:");
  EXPECT_THROW(ValueLaw::of(static_cast<ValueKind>(9), 0, 1), std::invalid_argument);
  EXPECT_THROW(ValueLaw().excess(5, 0.0), std::invalid_argument);
  EXPECT_THROW(ValueLaw().ramp_moment(3, 2, 1.0, 0.0), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta
