#include "skeleta/measure/value_law.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/require.h"
#include "measure/half_line.h"

namespace skeleta {
namespace {

using Complex = std::complex<double>;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr int powers = ValueLaw::most_powers;

double factorial(int n) {
  return n < 2 ? 1.0 : n * factorial(n - 1);
}

// Σ_i C(n, i) x^i y_{n−i} with y_m = moment(m).
template <class T, class Moment>
auto binomial_sum(int n, T x, const Moment& moment) {
  decltype(x * moment(0)) sum{};
  double coefficient = factorial(n);
  T power = 1.0;
  for (int i = 0; i <= n; ++i) {
    sum += coefficient / (factorial(i) * factorial(n - i)) * power * moment(n - i);
    power *= x;
  }
  return sum;
}

// --- Uniform

// Σ_{i=0}^n u^i l^{n−i} = (u^{n+1} − l^{n+1})/(u − l), without cancellation of different signs.
double power_sum(int n, double l, double u) {
  if (l < 0.0 && u > 0.0 && n % 2 == 0) {
    // In units of the larger: of powers n + 1 of both no digit is to be lost where that of n has
    // all.
    const double size = std::max(-l, u), a = -l / size, b = u / size;
    return std::pow(size, n) * ((std::pow(b, n + 1) + std::pow(a, n + 1)) / (a + b));
  }
  if (l < 0.0 && u > 0.0) {
    double sum = 0.0;
    for (int i = 0; i < n; i += 2) sum = sum * u * u + std::pow(l, i);
    return (u + l) * sum;
  }
  double sum = 1.0, power = 1.0;
  for (int i = 0; i < n; ++i) {
    power *= l;
    sum = sum * u + power;
  }
  return sum;
}

// E (U − t)₊^n.
double uniform_excess(double l, double u, int n, double t) {
  if (t >= u) return 0.0;
  if (t <= l) return power_sum(n, l - t, u - t) / (n + 1);
  return std::pow(u - t, n) * ((u - t) / (u - l)) / (n + 1);
}

// m_j = ∫₀¹ t^j e^{−bt} dt for Re b ≥ 0, j = 0, …, 4: by parts for large |b|, else
// e^{−b} Σ_n b^n/((j + 1)…(j + n + 1)) (Kummer), whose terms are positive for real b.
std::array<Complex, powers + 1> unit_moments(Complex b) {
  std::array<Complex, powers + 1> m{};
  const Complex decay = std::exp(-b);
  const double size = std::abs(b);
  for (std::size_t j = 0; j < m.size(); ++j) {
    if (size >= 3.0) {
      m[j] = ((j > 0 ? static_cast<double>(j) * m[j - 1] : 1.0) - decay) / b;
      continue;
    }
    double n = static_cast<double>(j) + 1.0, bound = 1.0;
    Complex term = decay / n;
    while (bound > 1e-18) {
      m[j] += term;
      n += 1.0;
      term *= b / n;
      bound *= size / n;
    }
  }
  return m;
}

// Near a = 0 by the moments, so that those of a symmetric law vanish as they must; else about the
// end that dominates, U = end ∓ (u − l)t.
void uniform_transform(double l, double u, Complex a, ExponentialMoments& result) {
  const double radius = std::max(std::abs(l), std::abs(u)), width = u - l;
  const bool upper = a.real() >= 0.0;
  const double end = upper ? u : l;
  const Complex scaled = a * radius;
  if (std::abs(scaled) <= 1.0) {
    constexpr int terms = 20;  // 1/20! = 4e-19
    std::array<double, terms + powers> moment;
    for (int n = 0; n < terms + powers; ++n) {
      moment[static_cast<std::size_t>(n)] = power_sum(n, l / radius, u / radius) / (n + 1);
    }
    double power = std::exp(-result.log_scale);
    for (std::size_t k = 0; k <= powers; ++k) {
      Complex sum = 0.0;
      for (std::size_t n = terms; n-- > 0;) {
        sum = sum * scaled / static_cast<double>(n + 1) + moment[n + k];
      }
      result.value[k] = power * sum;
      power *= radius;
    }
    return;
  }
  const auto m = unit_moments(upper ? a * width : -a * width);
  const double direction = upper ? -width : width;
  const Complex phase = std::polar(1.0, a.imag() * end);
  for (int k = 0; k <= powers; ++k) {
    result.value[static_cast<std::size_t>(k)] =
        phase * binomial_sum(k, end, [&](int j) {
          return std::pow(direction, j) * m[static_cast<std::size_t>(j)];
        });
  }
}

// --- Normal

// E (m + sZ)^k, Z standard normal, s² = `variance`: M_{k+1} = m M_k + k s² M_{k−1}.
template <class T>
T normal_moment(int k, T mean, double variance) {
  T before = 0.0, moment = 1.0;
  for (int i = 0; i < k; ++i) {
    const T next = mean * moment + static_cast<double>(i) * variance * before;
    before = moment;
    moment = next;
  }
  return moment;
}

// E |σZ|^k, from E |Z|^k = (k − 1) E |Z|^{k−2}.
double half_normal_moment(int k, double scale) {
  double moment = k % 2 == 0 ? 1.0 : scale * std::sqrt(2.0 / std::numbers::pi);
  for (int i = 2 + k % 2; i <= k; i += 2) moment *= (i - 1) * (scale * scale);
  return moment;
}

// √(2/π) ∫₀^∞ u^k e^{au − u²/2} du · e^{−log_scale}: by reflection on the right.
HalfLineMoments half_normal_transform(Complex a, double log_scale) {
  if (a.real() <= 0.0) return half_line_moments(a);
  HalfLineMoments result = half_line_moments(-a);
  const double behind = std::exp(-log_scale);
  const Complex whole = 2.0 * std::polar(std::exp(-0.5 * a.imag() * a.imag()), a.real() * a.imag());
  for (int k = 0; k <= powers; ++k) {
    Complex& x = result[static_cast<std::size_t>(k)];
    x = (whole == 0.0 ? 0.0 : whole * normal_moment(k, a, 1.0)) -
        (k % 2 == 0 ? behind : -behind) * x;
  }
  return result;
}

// E (Z − t)₊^n, Z standard normal: ½e^{−t²/2} J_n(−t), by reflection for t < 0.
double normal_excess(int n, double t) {
  if (std::abs(t) > 1e30) return t > 0.0 ? 0.0 : std::pow(-t, n);
  const double behind =
      0.5 * std::exp(-0.5 * t * t) * half_line_moments(-std::abs(t))[static_cast<std::size_t>(n)];
  if (t >= 0.0) return behind;
  return normal_moment(n, -t, 1.0) - (n % 2 == 0 ? behind : -behind);
}

// E (t − |Z|)₊^n, t > 0: the density's power series for small t.
double half_normal_shortfall(int n, double t) {
  if (t > 2.0) {
    const double whole = binomial_sum(
        n, t, [](int k) { return (k % 2 == 0 ? 1.0 : -1.0) * half_normal_moment(k, 1.0); });
    return whole - (n % 2 == 0 ? 2.0 : -2.0) * normal_excess(n, t);
  }
  double term = std::sqrt(2.0 / std::numbers::pi) * std::pow(t, n + 1) / (n + 1), sum = 0.0;
  for (int i = 0; std::abs(term) > 1e-18 * sum; ++i) {
    sum += term;
    const double k = 2.0 * i;  // u^k became u^{k+2}: t² (k+2)(k+1)/((n+k+3)(n+k+2))
    term *= -0.5 * t * t / (i + 1) * (k + 1) * (k + 2) / ((n + k + 2) * (n + k + 3));
  }
  return sum;
}

// --- Exponential of mean 1

double exponential_excess(int n, double t) {
  if (t >= 0.0) return factorial(n) * std::exp(-t);
  return binomial_sum(n, -t, factorial);
}

// E (t − U)₊^n = t^{n+1} K_n, K_n = ∫₀¹ s^n e^{−t(1−s)} ds, t > 0.
double exponential_shortfall(int n, double t) {
  double k = 0.0;
  if (t > 5.0) {
    k = -std::expm1(-t) / t;
    for (int i = 1; i <= n; ++i) k = (1.0 - i * k) / t;
  } else {
    double term = std::exp(-t);
    for (int i = 0; i < 45; ++i) {
      k += term / (n + i + 1);
      term *= t / (i + 1);
    }
  }
  return std::pow(t, n) * (t * k);
}

bool finite(double x, double y) {
  return std::isfinite(x) && std::isfinite(y);
}

void require_power(int k) {
  if (k >= 0 && k <= powers) return;  // no message is made: this is called often
  throw std::invalid_argument(fmt::format("power {} must lie in 0..{}", k, powers));
}

}  // namespace

ValueLaw ValueLaw::uniform(double least, double most) {
  require(finite(least, most) && least < most,
          fmt::format("uniform:{},{}: the ends must be finite and increasing", least, most));
  return {ValueKind::uniform, least, most};
}

ValueLaw ValueLaw::constant(double value) {
  require(std::isfinite(value), fmt::format("constant:{}: the value must be finite", value));
  return {ValueKind::constant, value, 0.0};
}

ValueLaw ValueLaw::exponential(double mean) {
  require(std::isfinite(mean) && mean > 0.0,
          fmt::format("exponential:{}: the mean must be finite and above 0", mean));
  return {ValueKind::exponential, mean, 0.0};
}

ValueLaw ValueLaw::half_normal(double scale) {
  require(std::isfinite(scale) && scale > 0.0,
          fmt::format("half-normal:{}: the scale must be finite and above 0", scale));
  return {ValueKind::half_normal, scale, 0.0};
}

ValueLaw ValueLaw::normal(double mean, double deviation) {
  require(finite(mean, deviation) && deviation >= 0.0,
          fmt::format("normal:{},{}: the mean must be finite, the standard deviation finite and "
                      "not negative",
                      mean, deviation));
  if (deviation == 0.0) return constant(mean);
  return {ValueKind::normal, mean, deviation};
}

ValueLaw ValueLaw::of(ValueKind kind, double first, double second) {
  switch (kind) {
    case ValueKind::uniform:
      return uniform(first, second);
    case ValueKind::constant:
      return constant(first);
    case ValueKind::exponential:
      return exponential(first);
    case ValueKind::half_normal:
      return half_normal(first);
    case ValueKind::normal:
      return normal(first, second);
  }
  throw std::invalid_argument(
      fmt::format("value kind {} must lie in 0..4", static_cast<int>(kind)));
}

double ValueLaw::size() const {
  return std::max(std::abs(first_), std::abs(second_));
}

ValueLaw ValueLaw::scaled(int exponent) const {
  return of(kind_, std::ldexp(first_, exponent), std::ldexp(second_, exponent));
}

double ValueLaw::least() const {
  switch (kind_) {
    case ValueKind::uniform:
    case ValueKind::constant:
      return first_;
    case ValueKind::normal:
      return -infinity;
    default:
      return 0.0;
  }
}

double ValueLaw::most() const {
  switch (kind_) {
    case ValueKind::uniform:
      return second_;
    case ValueKind::constant:
      return first_;
    default:
      return infinity;
  }
}

double ValueLaw::strip() const {
  return kind_ == ValueKind::exponential ? 1.0 / first_ : infinity;
}

double ValueLaw::moment(int k) const {
  if (k < 0) throw std::invalid_argument(fmt::format("power {} must not be negative", k));
  switch (kind_) {
    case ValueKind::uniform:
      return power_sum(k, first_, second_) / (k + 1);
    case ValueKind::constant:
      return std::pow(first_, k);
    case ValueKind::exponential:
      return factorial(k) * std::pow(first_, k);
    case ValueKind::half_normal:
      return half_normal_moment(k, first_);
    case ValueKind::normal:
      return normal_moment(k, first_, second_ * second_);
  }
  return 0.0;
}

double ValueLaw::excess(int n, double t) const {
  require_power(n);
  switch (kind_) {
    case ValueKind::uniform:
      return uniform_excess(first_, second_, n, t);
    case ValueKind::constant:
      return first_ > t ? std::pow(first_ - t, n) : 0.0;
    case ValueKind::exponential:
      return std::pow(first_, n) * exponential_excess(n, t / first_);
    case ValueKind::half_normal:
      return std::pow(first_, n) *
             (t >= 0.0
                  ? 2.0 * normal_excess(n, t / first_)
                  : binomial_sum(n, -t / first_, [](int k) { return half_normal_moment(k, 1.0); }));
    case ValueKind::normal:
      return std::pow(second_, n) * normal_excess(n, (t - first_) / second_);
  }
  return 0.0;
}

double ValueLaw::shortfall(int n, double t) const {
  require_power(n);
  switch (kind_) {
    case ValueKind::uniform:
      return uniform_excess(-second_, -first_, n, -t);
    case ValueKind::constant:
      return first_ < t ? std::pow(t - first_, n) : 0.0;
    case ValueKind::exponential:
      return t > 0.0 ? std::pow(first_, n) * exponential_shortfall(n, t / first_) : 0.0;
    case ValueKind::half_normal:
      return t > 0.0 ? std::pow(first_, n) * half_normal_shortfall(n, t / first_) : 0.0;
    case ValueKind::normal:
      return std::pow(second_, n) * normal_excess(n, (first_ - t) / second_);
  }
  return 0.0;
}

double ValueLaw::ramp_moment(int j, int n, double g, double c) const {
  if (j < 0 || n < 0) {
    throw std::invalid_argument(fmt::format("powers {} and {} must not be negative", j, n));
  }
  require_power(j + n);
  const double t = c / g;
  constexpr double far = 40.0;  // standard deviations: beyond, a normal tail is 0
  const bool normal = kind_ == ValueKind::normal;
  const double low = normal ? first_ - far * second_ : least();
  const double high = normal ? first_ + far * second_ : most();
  const bool inactive = g == 0.0 ? c >= 0.0 : g > 0.0 ? t >= high : t <= low;
  if (inactive) return 0.0;
  const bool whole = g == 0.0 || (g > 0.0 ? t < low : t > high);
  const auto full = [&] {
    return binomial_sum(n, -c, [&](int i) { return std::pow(g, i) * moment(j + i); });
  };
  if (whole) return full();
  // E U^j |gU − c|^n over the part above or below the kink, expanded about it.
  const auto part = [&](bool upper) {
    return std::pow(std::abs(g), n) * binomial_sum(j, t, [&](int i) {
             return upper ? excess(n + i, t) : (i % 2 == 0 ? 1.0 : -1.0) * shortfall(n + i, t);
           });
  };
  const bool mostly = (g > 0.0 ? excess(0, t) : shortfall(0, t)) > 0.5;
  if (!mostly) return part(g > 0.0);
  return full() - (n % 2 == 0 ? 1.0 : -1.0) * part(g < 0.0);
}

ExponentialMoments ValueLaw::exponential_moments(std::complex<double> a) const {
  ExponentialMoments result{.log_scale = log_scale(a.real()), .value = {}};
  switch (kind_) {
    case ValueKind::uniform:
      uniform_transform(first_, second_, a, result);
      break;
    case ValueKind::constant: {
      Complex term = std::polar(1.0, a.imag() * first_);
      for (Complex& x : result.value) {
        x = term;
        term *= first_;
      }
      break;
    }
    case ValueKind::exponential: {
      const Complex ratio = 1.0 / (1.0 - a * first_);
      Complex term = ratio;
      for (std::size_t k = 0; k <= powers; ++k) {
        result.value[k] = term;
        term *= static_cast<double>(k + 1) * first_ * ratio;
      }
      break;
    }
    case ValueKind::half_normal: {
      result.value = half_normal_transform(a * first_, result.log_scale);
      double power = 1.0;
      for (Complex& x : result.value) {
        x *= power;
        power *= first_;
      }
      break;
    }
    case ValueKind::normal: {
      const double variance = second_ * second_, re = a.real(), im = a.imag();
      const Complex h =
          std::polar(std::exp(-0.5 * im * im * variance), im * (first_ + re * variance));
      for (int k = 0; k <= powers; ++k) {
        result.value[static_cast<std::size_t>(k)] =
            h == 0.0 ? 0.0 : h * normal_moment(k, first_ + a * variance, variance);
      }
      break;
    }
  }
  return result;
}

double ValueLaw::log_scale(double re) const {
  switch (kind_) {
    case ValueKind::uniform:
      return re * (re >= 0.0 ? second_ : first_);
    case ValueKind::constant:
      return re * first_;
    case ValueKind::exponential:
      return 0.0;
    case ValueKind::half_normal:
      return re > 0.0 ? 0.5 * re * re * first_ * first_ : 0.0;
    case ValueKind::normal:
      return re * first_ + 0.5 * re * re * second_ * second_;
  }
  return 0.0;
}

double ValueLaw::transform_bound(int k, std::complex<double> a) const {
  require(k >= 0 && k <= 2, fmt::format("power {} must lie in 0..2", k));
  const double re = a.real(), im = std::abs(a.imag());
  const auto [log_scale, value] = exponential_moments(re);
  const double h = value[0].real(), second = value[2].real();
  const bool one_sign = least() >= 0.0 || most() <= 0.0;
  const double still = k == 0     ? h
                       : k == 2   ? second
                       : one_sign ? std::abs(value[1].real())
                                  : std::sqrt(h * second);  // Cauchy and Schwarz
  double moving = infinity;
  switch (kind_) {
    case ValueKind::uniform: {
      // By parts, from the ends and from E U^{k−1} e^{aU}.
      const double ends[] = {std::abs(first_), std::abs(second_)}, width = second_ - first_;
      moving = 2.0 / (width * im);
      for (int i = 1; i <= k; ++i) {
        moving = (std::pow(ends[0], i) + std::pow(ends[1], i)) / (width * im) + i * moving / im;
      }
      break;
    }
    case ValueKind::constant:
      break;
    case ValueKind::exponential:
      moving = factorial(k) * std::pow(first_, k) *
               std::pow(1.0 / std::abs(1.0 - Complex(re, im) * first_), k + 1);
      break;
    case ValueKind::half_normal: {
      // The integrand rises to its largest value and falls: its variation is twice that.
      const double t = re * first_, top = 0.5 * (t + std::sqrt(t * t + 4.0 * k));
      const double most =
          k == 0 ? 1.0 : std::pow(top, k) * std::exp(t * top - 0.5 * top * top - log_scale);
      moving = 2.0 * std::sqrt(2.0 / std::numbers::pi) * std::pow(first_, k - 1) * most / im;
      break;
    }
    case ValueKind::normal: {
      // E U^k e^{aU} = E (m + σZ)^k times the Gaussian, |m| ≤ A + xσ, x = σ|Im a|.
      const double x = second_ * im, centre = std::abs(first_ + re * second_ * second_);
      const auto decay = [&](int i) {  // the largest y^i e^{−y²/2}, y ≥ x
        const double y = std::max(x, std::sqrt(static_cast<double>(i)));
        return std::pow(y, i) * std::exp(-0.5 * y * y);
      };
      moving = 0.0;
      for (int i = 0; i <= k; ++i) {
        moving += (k == 2 && i == 1 ? 2.0 : 1.0) * std::pow(centre, k - i) * std::pow(second_, i) *
                  decay(i);
      }
      if (k == 2) moving += second_ * second_ * decay(0);
      break;
    }
  }
  return std::min(still, im > 0.0 ? moving : infinity);
}

double ValueLaw::quantile(double u) const {
  const double below = std::min(u, 1.0 - 0x1p-53);
  switch (kind_) {
    case ValueKind::uniform:
      return first_ + (second_ - first_) * u;
    case ValueKind::constant:
      return first_;
    case ValueKind::exponential:
      return -first_ * std::log1p(-below);
    case ValueKind::half_normal:
      return first_ * std::numbers::sqrt2 * boost::math::erf_inv(below);
    case ValueKind::normal:
      return first_ - second_ * std::numbers::sqrt2 * boost::math::erfc_inv(2.0 * below);
  }
  return 0.0;
}

}  // namespace skeleta
