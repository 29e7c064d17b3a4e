#include "exact/fine_law.h"

#include <cmath>

#include "core/decompositions.h"

namespace skeleta::exact {
namespace {

using Coefficients = std::array<double, 6>;  // c_n: E (ηⁿ)/n!, unit max |g|

// E e^{s g x} = 1 + p Σ_{n≥1} (s g)ⁿ/(n + 1)!
void multiply(Coefficients& c, double g, double p) {
  Coefficients factor{1.0};
  double power = p;
  for (std::size_t n = 1; n < factor.size(); ++n) {
    power *= g / static_cast<double>(n + 1);
    factor[n] = power;
  }
  for (std::size_t n = c.size(); n-- > 0;) {
    double sum = c[n];
    for (std::size_t m = 1; m <= n; ++m) sum += factor[m] * c[n - m];
    c[n] = sum;
  }
}

// Moments about the mean, μ_2 … μ_5, from e^{−s mean} Σ c_n sⁿ.
Coefficients central_moments(const Coefficients& c) {
  const double mean = c[1];
  Coefficients result{};
  double factorial = 1.0;
  for (std::size_t n = 0; n < c.size(); ++n) {
    if (n > 0) factorial *= static_cast<double>(n);
    double power = 1.0;
    for (std::size_t m = 0; m <= n; ++m) {
      result[n] += power * c[n - m];
      power *= -mean / static_cast<double>(m + 1);
    }
    result[n] *= factorial;
  }
  return result;
}

double largest(std::span<const double> g) {
  double result = 0.0;
  for (const double x : g) result = std::max(result, std::abs(x));
  return result;
}

}  // namespace

// Golub and Welsch: the points are the eigenvalues of the Jacobi matrix, the weights the squares of
// the first components of its eigenvectors. Its entries from the moments about the mean:
// β₁ = μ₂, α₁ = μ₃/μ₂, h = μ₄ − α₁μ₃ − β₁μ₂, β₂ = h/β₁, α₂ = (μ₅ − α₁μ₄ − β₁μ₃)/h − α₁. However (η,
// x) are rounded, shift and weight are used consistently, so this accuracy does not matter.
FineLaw FineLaw::of(std::span<const double> g, std::span<const double> p) {
  FineLaw law;
  if (g.empty()) return law;
  const double unit = largest(g);
  Coefficients c{1.0};
  for (std::size_t k = 0; k < g.size(); ++k) multiply(c, g[k] / unit, p[k]);
  const Coefficients mu = central_moments(c);
  law.mean = unit * c[1];
  law.variance = unit * unit * mu[2];
  law.unit = unit;
  law.square = mu[2];
  law.shift[0] = law.mean;
  const double alpha = mu[3] / mu[2], norm = mu[4] - alpha * mu[3] - mu[2] * mu[2];
  if (!(norm > 1e-280)) return law;  // densities near the end of the range: one point will do
  const double last = (mu[5] - alpha * mu[4] - mu[2] * mu[3]) / norm - alpha;
  Eigen::Matrix3d jacobi = Eigen::Matrix3d::Zero();
  jacobi.diagonal() << 0.0, alpha, last;
  jacobi(1, 0) = std::sqrt(mu[2]);
  jacobi(2, 1) = std::sqrt(std::max(norm / mu[2], 0.0));
  const SymmetricEigen3 solution = symmetric_eigen3(jacobi);
  law.points = most;
  law.alpha = alpha;
  law.norm = norm;
  for (int q = 0; q < most; ++q) {
    const double first = solution.vectors(0, q);
    law.shift[static_cast<std::size_t>(q)] = law.mean + unit * solution.values(q);
    law.weight[static_cast<std::size_t>(q)] = first * first;
  }
  return law;
}

// With p_n the orthonormal polynomials of the law, Σ_n p_n(shift_q) E[x p_n(η)]. η − mean is
// g(x − p/2) and an independent y', of mean 0.
std::array<double, FineLaw::most> FineLaw::weights_with(double g, double p) const {
  const double h = g / unit, x0 = 0.5 * p, spread = p * (1.0 / 3.0 - 0.25 * p);
  if (points == 1) return {x0, 0.0, 0.0};
  const double x1 = h * spread;
  const double x2 =
      h * h * p * (0.25 - p / 3.0 + 0.125 * p * p) + x0 * std::max(square - h * h * spread, 0.0);
  std::array<double, most> result{};
  for (std::size_t q = 0; q < most; ++q) {
    const double y = (shift[q] - mean) / unit;
    const double first = y * x1 / square;
    const double second = (y * y - alpha * y - square) * (x2 - alpha * x1 - square * x0) / norm;
    result[q] = weight[q] * (x0 + first + second);
  }
  return result;
}

std::array<double, FineLaw::most> FineLaw::weights_of(double mean_x, double with_x) const {
  if (points == 1) return {mean_x, 0.0, 0.0};
  std::array<double, most> result{};
  for (std::size_t q = 0; q < most; ++q) {
    const double y = (shift[q] - mean) / unit;
    result[q] = weight[q] * (mean_x + y * (with_x / unit) / square);
  }
  return result;
}

double FineLaw::mean_with(double g, double p) const {
  return 0.5 * p * mean + g * p * (1.0 / 3.0 - 0.25 * p);
}

}  // namespace skeleta::exact
