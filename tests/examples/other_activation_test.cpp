// Another activation than ReLU: x̂ = GELU(Gx − b), with GELU(z) = z Φ(z) (Hendrycks & Gimpel 2016).
#include <gtest/gtest.h>

#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <numbers>

#include "skeleta/estimate/integrate.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta {
namespace {

using estimate::SparsePoint;

double gelu(double z) {
  return 0.5 * z * std::erfc(-z / std::numbers::sqrt2);
}

struct GeluLoss {
  Matrix G;
  Vector b;

  double operator()(const SparsePoint& point) const {
    double sum = 0.0;
    for (Index i = 0; i < b.size(); ++i) {
      double z = -b(i), x = 0.0;
      for (std::size_t k = 0; k < point.count(); ++k) {
        z += G(i, point.active[k]) * point.value[k];
        if (point.active[k] == i) x = point.value[k];
      }
      sum += std::pow(x - gelu(z), 2);
    }
    return sum;
  }
};

// D = 2: L = (1 − p)² f(0, 0) + p (1 − p) ∫ (f(x, 0) + f(0, x)) dx + p² ∫∫ f, by Gauss quadrature,
// which is exact to rounding for so smooth a function.
TEST(OtherActivation, AgreesWithQuadrature) {
  const Autoencoder model{(Matrix(1, 2) << 1.1, -0.8).finished(),
                          (Vector(2) << 0.1, -0.05).finished()};
  const GeluLoss loss{gram(model), model.b};
  constexpr double p = 0.3;
  const auto f = [&](double x, double y) {
    const std::int32_t active[] = {0, 1};
    const double value[] = {x, y};
    return loss({active, value});
  };
  using Gauss = boost::math::quadrature::gauss<double, 30>;
  const double one = Gauss::integrate([&](double x) { return f(x, 0.0) + f(0.0, x); }, 0.0, 1.0);
  const double two = Gauss::integrate(
      [&](double x) { return Gauss::integrate([&](double y) { return f(x, y); }, 0.0, 1.0); }, 0.0,
      1.0);
  const double expected = (1 - p) * (1 - p) * f(0.0, 0.0) + p * (1 - p) * one + p * p * two;

  for (const auto method : {estimate::Method::stratified, estimate::Method::quasi}) {
    estimate::Options options;
    options.method = method;
    options.relative_tolerance = 1e-4;
    const auto result = estimate::integrate(Features::uniform(2, p), loss, options);
    EXPECT_NEAR(result.value, expected, 6 * result.standard_error);
    EXPECT_LE(result.standard_error, 1e-4 * result.value);
  }
}

}  // namespace
}  // namespace skeleta
