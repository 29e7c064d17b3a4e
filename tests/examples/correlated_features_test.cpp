// Features that fire together, in pairs (2g, 2g + 1), as studied by Elhage et al. (2022), "Toy
// models of superposition": both are active with probability p, or neither, with independent
// values.
//
// The cube is the one of the pairs: a base feature g stands for a pair, and its one uniform number
// holds two independent ones, its first and its last 26 binary digits.
#include <gtest/gtest.h>

#include <cmath>

#include "skeleta/estimate/integrate.h"
#include "skeleta/exact/loss.h"
#include "skeleta/exact/low_skeletons.h"
#include "support.h"

namespace skeleta {
namespace {

using estimate::SparsePoint;

struct CorrelatedLoss {
  Autoencoder model;

  double operator()(const SparsePoint& pairs) const {
    Vector x = Vector::Zero(model.features());
    for (std::size_t k = 0; k < pairs.count(); ++k) {
      const Index first = 2 * Index{pairs.active[k]};
      const double digits = std::ldexp(pairs.value[k], 26);
      x(first) = std::floor(digits) * 0x1p-26;
      x(first + 1) = digits - std::floor(digits);
    }
    return pointwise_loss(model, Vector::Ones(model.features()), x);
  }
};

// Two pairs: L = (1 − p)² L(none) + p (1 − p) (t_01 + t_23) + p² L(all), each part from a closed
// form or the exact engine.
TEST(CorrelatedFeatures, AgreeWithTheirClosedForm) {
  std::mt19937_64 random(5);
  const Autoencoder model = testing::random_model(4, 2, random);
  constexpr double p = 0.2;
  const Vector ones = Vector::Ones(4);
  const double none = model.b.cwiseMin(0.0).squaredNorm();
  const Matrix pair = exact::pair_losses(model, ones);
  const double all = exact::loss(model, {ones, ones}, {}).value;
  const double expected =
      (1 - p) * (1 - p) * none + p * (1 - p) * (pair(0, 1) + pair(2, 3)) + p * p * all;

  const Features pairs = Features::uniform(2, p);
  for (const auto method :
       {estimate::Method::plain, estimate::Method::stratified, estimate::Method::quasi}) {
    estimate::Options options;
    options.method = method;
    options.relative_tolerance = 5e-4;
    const auto loss = estimate::integrate(pairs, CorrelatedLoss{model}, options);
    EXPECT_NEAR(loss.value, expected, 6 * loss.standard_error + 1e-7 * expected);
    EXPECT_LE(loss.standard_error, 5e-4 * loss.value);
  }
  // Independent features of the same density give another loss: the example can fail.
  const double independent = exact::loss(model, Features::uniform(4, p), {}).value;
  EXPECT_GT(std::abs(independent - expected), 0.005 * expected);
}

}  // namespace
}  // namespace skeleta
