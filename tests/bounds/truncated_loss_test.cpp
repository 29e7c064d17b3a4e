#include "bounds/truncated_loss.h"

#include <gtest/gtest.h>

#include "oracle_table.h"
#include "support.h"

namespace skeleta::bounds {
namespace {

double rounding(const TruncatedLoss& loss, const Autoencoder& model) {
  const Matrix g = gram(model);
  double sum = 0.0;
  for (Index i = 0; i < g.cols(); ++i) {
    sum += loss.rounding(i, g.col(i).cwiseAbs().sum(), model.b(i), model.b(i));
  }
  return sum;
}

// The oracle's numbers are exact. The allowance for rounding must hold with a factor of 50 to
// spare.
TEST(TruncatedLoss, IsTheSumOfContributionsOfTheOracle) {
  int models = 0;
  for (const testing::OracleCase& c : testing::oracle_table()) {
    if (c.features.size() > 4) continue;
    for (Index k = 0; k <= c.features.size(); ++k) {
      const TruncatedLoss loss(c.features, k);
      const double exact = c.contributions.head(k + 1).sum();
      EXPECT_NEAR(loss.value(c.model), exact, rounding(loss, c.model) / 50 + 1e-15 * exact)
          << c.name << ", k = " << k;
    }
    ++models;
  }
  EXPECT_GT(models, 200);
}

TEST(TruncatedLoss, HasTheGradientOfTheOracle) {
  for (const testing::OracleCase& c : testing::oracle_table()) {
    if (c.features.size() > 4) continue;
    const TruncatedLoss loss(c.features, c.features.size());
    Matrix dW;
    Vector db;
    EXPECT_EQ(loss.value_and_gradient(c.model, dW, db), loss.value(c.model));
    const double tolerance = rounding(loss, c.model) / 50 + 1e-13 * c.gradient_W.norm();
    EXPECT_LT((dW - c.gradient_W).norm(), tolerance) << c.name;
    EXPECT_LT((db - c.gradient_b).norm(), tolerance + 1e-15 * c.gradient_b.norm()) << c.name;
  }
}

// What all bounds rest on: every moment grows with each entry and falls with the threshold.
TEST(PositivePart, IsMonotone) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> uniform;
  for (int repeat = 0; repeat < testing::scaled(2000, 200); ++repeat) {
    const Index count = 1 + repeat % 4;
    const Features features = testing::random_features(count, 1.0, random);
    const PositivePart part(features.density, 1 + repeat % count);
    Vector low = gram(testing::random_model(count, 1, random)).col(0);
    Vector high = low;
    for (double& g : high) g += uniform(random) < 0.3 ? 0.0 : std::pow(10.0, -6 * uniform(random));
    const double c = uniform(random) - 0.6, lower_c = c - (repeat % 2) * uniform(random);
    const Index own = repeat % count;
    const auto size = static_cast<std::size_t>(count);
    const PositivePartMoments a = part(std::span(low.data(), size), c, own);
    const PositivePartMoments b = part(std::span(high.data(), size), lower_c, own);
    const double s = 1.0 + high.cwiseAbs().sum() + low.cwiseAbs().sum() + std::abs(lower_c);
    const double slack = PositivePart::rounding(2) * s * s / 50;
    EXPECT_LE(a.square, b.square + slack);
    EXPECT_LE(a.mean, b.mean + slack);
    EXPECT_LE(a.above, b.above + slack);
    for (std::size_t j = 0; j < size; ++j) {
      EXPECT_LE(a.times[j], b.times[j] + slack);
      EXPECT_LE(a.product[j], b.product[j] + slack);
    }
  }
}

}  // namespace
}  // namespace skeleta::bounds
