#include "skeleta/exact/closed_loss.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "oracle_table.h"
#include "skeleta/exact/loss.h"
#include "support.h"

namespace skeleta::exact {
namespace {

Vector parameters(const Matrix& W, const Vector& b) {
  Vector x(W.size() + b.size());
  x << W.reshaped(), b;
  return x;
}

// Of the terms that a loss is a sum of.
double size_of(const testing::OracleCase& c) {
  const double largest = 1.0 + c.model.W.squaredNorm();
  const Vector terms = largest * largest * c.features.density + c.model.b.cwiseAbs2();
  return c.features.importance.dot(terms);
}

// Rational numbers, rounded once; weights down to 1e-10, repeated and dead columns among them.
TEST(ClosedLoss, IsThatOfTheRationalNumbers) {
  int done = 0;
  for (const char* name :
       {"exact_loss_table.json", "small_weights_table.json", "hessian_table.json"}) {
    for (const testing::OracleCase& c : testing::oracle_table(name)) {
      if (c.features.size() > ClosedLoss::most_features) continue;
      ClosedLoss loss(c.features);
      const Vector x = parameters(c.model.W, c.model.b);
      Vector gradient(x.size());
      const double size = size_of(c);
      EXPECT_NEAR(loss(x, gradient), c.loss, 1e-14 * size) << c.name;
      const Vector expected = parameters(c.gradient_W, c.gradient_b);
      EXPECT_LE((gradient - expected).norm(), 1e-14 * (size + expected.norm())) << c.name;
      if (c.hessian.size() > 0) {
        Matrix hessian;
        Vector again(x.size());
        loss(x, again, hessian);
        EXPECT_EQ(again, gradient);
        EXPECT_LE((hessian - c.hessian).norm(), 1e-9 * c.hessian.norm()) << c.name;
      }
      ++done;
    }
  }
  EXPECT_GT(done, 300);
}

// The other way, at random models, to its error.
TEST(ClosedLoss, IsThatOfContours) {
  std::mt19937_64 random(1);
  Options options;
  options.error_control = ErrorControl::estimated;
  options.relative_target = 1e-11;
  options.gradient_target = 1e-10;
  for (int trial = 0; trial < testing::scaled(40, 8); ++trial) {
    const Index count = 1 + trial % 4;
    const Autoencoder model = testing::random_model(count, std::min<Index>(2, count), random);
    const Features features = testing::random_features(count, 0.9, random);
    ClosedLoss loss(features);
    const Vector x = parameters(model.W, model.b);
    Vector gradient(x.size());
    const LossAndGradient expected = loss_and_gradient(model, features, options);
    EXPECT_NEAR(loss(x, gradient), expected.loss.value, expected.loss.error_bound + 1e-15);
    const double error = (1.0 + 2.0 * model.W.norm()) * expected.loss.gradient_error;
    EXPECT_LE(error, 1e-7);
    EXPECT_LE((gradient - parameters(expected.dW, expected.db)).norm(), error + 1e-14);
  }
}

TEST(ClosedLoss, IsOfFewPlainFeatures) {
  EXPECT_THROW(ClosedLoss(Features::uniform(5, 0.1)), std::invalid_argument);
  EXPECT_THROW(ClosedLoss(Features::uniform(2, 1.1)), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::exact
