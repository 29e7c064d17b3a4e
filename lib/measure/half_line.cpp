#include "measure/half_line.h"

#include <cmath>
#include <numbers>

namespace skeleta {
namespace {

using Complex = std::complex<double>;
using std::numbers::pi;

constexpr double step = 0.5;  // h: e^{−π²/h²} = 7e-18
constexpr int reach = 13;     // e^{−(13·h)²} = 4e-19

// The derivatives 0 … most of 2e^{−ζ²} f, f = 1/(1 + sign·e^{λζ}), λ = −2πi/h. Those of the
// exponential follow g_{k+1} = −2ζ g_k − 2k g_{k−1}, those of f from f' = −λ f(1 − f).
void add_residue(Complex zeta, double sign, int most, HalfLineMoments& w) {
  const Complex lambda(0.0, -2.0 * pi / step);
  const Complex f = 1.0 / (1.0 + sign * std::exp(lambda * zeta)), d = -lambda * f * (1.0 - f);
  const Complex logistic[] = {
      f, d, -lambda * d * (1.0 - 2.0 * f), lambda * lambda * d * (1.0 - 6.0 * f + 6.0 * f * f),
      -lambda * lambda * lambda * d * (1.0 - 14.0 * f + 36.0 * f * f - 24.0 * f * f * f)};
  Complex gauss[5];
  gauss[0] = 2.0 * std::exp(-zeta * zeta);
  for (int k = 0; k < most; ++k) {
    gauss[k + 1] = -2.0 * zeta * gauss[k];
    if (k > 0) gauss[k + 1] -= 2.0 * k * gauss[k - 1];
  }
  for (int k = 0; k <= most; ++k) {
    double binomial = 1.0;
    for (int i = 0; i <= k; ++i) {
      w[static_cast<std::size_t>(k)] += binomial * gauss[i] * logistic[k - i];
      binomial *= static_cast<double>(k - i) / (i + 1);
    }
  }
}

// w and its derivatives up to `most`, for Im ζ ≥ 0.
HalfLineMoments faddeeva(Complex zeta, int most) {
  HalfLineMoments w{};
  const double place = zeta.real() / step, fraction = place - std::floor(place);
  const bool between = fraction < 0.25 || fraction > 0.75;  // nodes at the half-integers then
  for (int n = -reach; n <= reach; ++n) {
    const double t = step * (between ? n + 0.5 : n);
    const Complex inverse = 1.0 / (zeta - t);
    Complex term = Complex(0.0, step / pi * std::exp(-t * t)) * inverse;
    for (int k = 0; k <= most; ++k) {
      w[static_cast<std::size_t>(k)] += term;
      term *= -static_cast<double>(k + 1) * inverse;
    }
  }
  if (zeta.imag() < pi / step) add_residue(zeta, between ? 1.0 : -1.0, most, w);
  return w;
}

constexpr double close = 3.5;  // |a| up to which the recursion loses fewer digits than the sum

// The same on the imaginary axis, ζ = iy: with q = i/(ζ − t) = 1/(y + it) the k-th derivative by a
// is k!/2^{k/2} q^{k+1}, whose imaginary parts cancel between t and −t. Re q^k by recursion.
std::array<double, 5> real_sum(double y, int most) {
  std::array<double, 5> sum{};
  for (int n = 0; n < reach; ++n) {
    const double t = step * (n + 0.5), square = 1.0 / (y * y + t * t), real = square * y;
    const double weight = 2.0 * step / pi * std::exp(-t * t);
    double before = 1.0, power = real, scale = weight;
    for (int k = 0; k <= most; ++k) {
      sum[static_cast<std::size_t>(k)] += scale * power;
      const double next = 2.0 * real * power - square * before;
      before = power;
      power = next;
      scale *= (k + 1) / std::numbers::sqrt2;
    }
  }
  return sum;
}

// The derivatives by a of 2e^{a²/2}/(1 + e^{−μa}), μ = √2 π/h.
void add_real_residue(double a, int most, std::array<double, 5>& sum) {
  constexpr double mu = std::numbers::sqrt2 * pi / step;
  const double f = 1.0 / (1.0 + std::exp(-mu * a)), d = mu * f * (1.0 - f);
  const double logistic[] = {f, d, mu * d * (1.0 - 2.0 * f),
                             mu * mu * d * (1.0 - 6.0 * f + 6.0 * f * f),
                             mu * mu * mu * d * (1.0 - 14.0 * f + 36.0 * f * f - 24.0 * f * f * f)};
  double gauss[5] = {2.0 * std::exp(0.5 * a * a)};
  for (int k = 0; k < most; ++k) gauss[k + 1] = a * gauss[k] + (k > 0 ? k * gauss[k - 1] : 0.0);
  for (int k = 0; k <= most; ++k) {
    double binomial = 1.0;
    for (int i = 0; i <= k; ++i) {
      sum[static_cast<std::size_t>(k)] += binomial * gauss[i] * logistic[k - i];
      binomial *= static_cast<double>(k - i) / (i + 1);
    }
  }
}

}  // namespace

std::array<double, 5> half_line_moments(double a) {
  const double y = -a / std::numbers::sqrt2;
  const int most = -a > close ? 4 : 0;
  std::array<double, 5> result = real_sum(y, most);
  if (y < pi / step) add_real_residue(a, most, result);
  if (most > 0) return result;
  result[1] = a * result[0] + std::sqrt(2.0 / pi);
  for (std::size_t k = 1; k < 4; ++k) {
    result[k + 1] = a * result[k] + static_cast<double>(k) * result[k - 1];
  }
  return result;
}

HalfLineMoments half_line_moments(Complex a) {
  const Complex zeta = Complex(a.imag(), -a.real()) / std::numbers::sqrt2;
  if (std::abs(a) > close) {
    HalfLineMoments result = faddeeva(zeta, 4);
    Complex factor = 1.0;
    for (Complex& x : result) {
      x *= factor;
      factor *= Complex(0.0, -1.0 / std::numbers::sqrt2);
    }
    return result;
  }
  HalfLineMoments result{};
  result[0] = faddeeva(zeta, 0)[0];
  result[1] = a * result[0] + std::sqrt(2.0 / pi);
  for (std::size_t k = 1; k < 4; ++k) {
    result[k + 1] = a * result[k] + static_cast<double>(k) * result[k - 1];
  }
  return result;
}

}  // namespace skeleta
