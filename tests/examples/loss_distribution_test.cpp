// The distribution of the loss over inputs, P(loss > t), for several t at once: outputs that share
// their points.
#include <gtest/gtest.h>

#include <cmath>

#include "skeleta/estimate/integrate.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta {
namespace {

using estimate::SparsePoint;

// One feature with W = (w) and threshold b ≥ 0: x̂ = (w²x − b)₊. For w² < 1 the error x − x̂ rises
// with x, as x up to b/w² and as (1 − w²)x + b beyond, so that P(loss > t) = p·(1 − x_t) with x_t
// where the error is √t.
TEST(LossDistribution, AgreesWithItsClosedForm) {
  const Autoencoder model{Matrix::Constant(1, 1, 0.9), Vector::Constant(1, 0.1)};
  constexpr double p = 0.4, square = 0.81, b = 0.1;
  const std::vector<double> levels{0.001, 0.005, 0.02, 0.05, 0.08};

  const estimate::Integrand exceeds(levels.size(),
                                    [&](const SparsePoint& point, std::span<double> outputs) {
                                      Vector x = Vector::Zero(1);
                                      if (point.count() > 0) x(0) = point.value[0];
                                      const double loss = pointwise_loss(model, Vector::Ones(1), x);
                                      for (std::size_t k = 0; k < levels.size(); ++k)
                                        outputs[k] = loss > levels[k] ? 1.0 : 0.0;
                                    });
  estimate::Options options;
  options.relative_tolerance = 5e-3;
  const auto result = estimate::integrate_all(Features::uniform(1, p), exceeds, options);
  for (std::size_t k = 0; k < levels.size(); ++k) {
    const double root = std::sqrt(levels[k]);
    const double x = root < b / square ? root : (root - b) / (1 - square);
    const auto& output = result.outputs[k];
    EXPECT_NEAR(output.value, p * (1 - x), 5 * output.standard_error) << levels[k];
    EXPECT_LE(output.standard_error, 5e-3 * output.value);
  }
  // Exceeding a level implies exceeding the lower ones, so the indicators are correlated.
  EXPECT_GT(result.covariance(0, 1), 0.0);
}

}  // namespace
}  // namespace skeleta
