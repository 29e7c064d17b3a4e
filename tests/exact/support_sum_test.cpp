#include "skeleta/exact/support_sum.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <stdexcept>

#include "skeleta/exact/sparse_loss.h"
#include "support.h"

namespace skeleta::exact {
namespace {

Options fine() {
  Options options;
  options.relative_target = 1e-11;
  options.gradient_target = 1e-9;
  options.probability_floor = 0.0;
  return options;
}

// The contributions of skeleton_kernel.cpp, which splits the generating function by count.
TEST(SupportSum, IsTheSumOfTheContributions) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < testing::scaled(20, 6); ++trial) {
    const Index count = 3 + trial % 5;
    const auto model = testing::random_model(count, 2, random);
    const auto features = testing::random_features(count, 0.9, random);
    const auto parts = skeleton_loss(model, features, fine()).skeletons;
    double expected = 0.0;
    Gradient gradient;
    for (Index last = 3; last <= count; ++last) {
      expected += parts[static_cast<std::size_t>(last)].contribution;
      const Loss sum = SupportSum(features, {3, last}, fine()).loss_and_gradient(model, gradient);
      EXPECT_NEAR(sum.value, expected, 1e-9 * expected) << count << " " << last;
      EXPECT_LE(sum.error_bound, 1e-11 * sum.value);
      EXPECT_TRUE(sum.met_target());
    }
  }
}

// The closed forms of one and two active features, with their gradient.
TEST(SupportSum, AgreesWithTheClosedForms) {
  std::mt19937_64 random(2);
  for (int trial = 0; trial < testing::scaled(20, 6); ++trial) {
    const Index count = 2 + trial % 5;
    const auto model = testing::random_model(count, 2, random);
    auto features = testing::random_features(count, 0.9, random);
    if (trial % 3 == 0) features.density(1) = 1.0;
    Matrix closed_dW;
    Vector closed_db;
    Gradient gradient;
    const Loss sum = SupportSum(features, {1, 2}, fine()).loss_and_gradient(model, gradient);
    const double closed =
        SparseLoss(features, {1, 2}).loss_and_gradient(model, closed_dW, closed_db);
    EXPECT_NEAR(sum.value, closed, 1e-10 * closed) << trial;
    EXPECT_LE((gradient.dW - closed_dW).norm(), 1e-7 * closed_dW.norm()) << trial;
    EXPECT_LE((gradient.db - closed_db).norm(), 1e-7 * closed_db.norm()) << trial;
  }
}

// All skeletons together are the loss of the engine itself.
TEST(SupportSum, OfAllSupportsIsTheWholeLoss) {
  std::mt19937_64 random(3);
  const auto model = testing::random_model(6, 2, random);
  const auto features = testing::random_features(6, 0.9, random);
  Gradient gradient;
  const Loss sum = SupportSum(features, {0, 6}, fine()).loss_and_gradient(model, gradient);
  const LossAndGradient whole = loss_and_gradient(model, features, fine());
  EXPECT_NEAR(sum.value, whole.loss.value, 1e-10 * whole.loss.value);
  EXPECT_LE((gradient.dW - whole.dW).norm(), 1e-7 * whole.dW.norm());
  EXPECT_LE((gradient.db - whole.db).norm(), 1e-7 * whole.db.norm());
}

// Groups, three value laws, an untied decoder, noise, jumps: each sum of skeletons is that of the
// contour that splits by count, and all of them are the whole loss with its gradient.
TEST(SupportSum, KnowsEveryLawAndModel) {
  using namespace activity;
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  const Index count = 5;
  const ActivityTree tree(
      join({exclusive({together(std::array<Index, 2>{0, 1}, 0.3), feature(2, 0.4)}),
            parent(3, 0.6, {feature(4, 0.5)})}));
  const DataLaw law{tree,
                    {ValueLaw::uniform(-1.0, 1.0),
                     ValueLaw::normal(0.2, 0.6),
                     {},
                     ValueLaw::half_normal(0.8),
                     ValueLaw::exponential(0.3)}};
  const Features features = Features::of(law, Vector::LinSpaced(count, 0.5, 2.0));
  Options options = fine();
  options.relative_target = 1e-9;
  options.gradient_target = 1e-7;
  options.probability_floor = 1e-12;
  for (int kind = 0; kind < 4; ++kind) {
    Autoencoder model{Matrix::NullaryExpr(2, count, [&] { return 0.7 * normal(random); }),
                      Vector::NullaryExpr(count, [&] { return 0.3 * normal(random); })};
    if (kind > 0) model.W_out = Matrix::NullaryExpr(count, 2, [&] { return 0.5 * normal(random); });
    if (kind > 1) model.noise = 0.2;
    if (kind > 2) {
      model.activation = Activation::jumprelu;
      model.jump = Vector::Constant(count, 0.1);
    }
    const IntegralBySkeleton parts = skeleton_loss(model, features, options);
    ASSERT_EQ(parts.skeletons.size(), 5u);  // at most four are active
    Gradient gradient;
    Loss sum;
    double expected = 0.0;
    for (const SkeletonPart& part : parts.skeletons) {
      expected += part.contribution;
      sum = SupportSum(features, {0, part.l}, options).loss_and_gradient(model, gradient);
      EXPECT_NEAR(sum.value, expected, 1e-8 * expected) << kind << " " << part.l;
    }
    const LossAndGradient whole = loss_and_gradient(model, features, options);
    EXPECT_NEAR(expected, whole.loss.value, 1e-8 * expected);
    const double error = sum.gradient_error + whole.loss.gradient_error;  // of Γ and db
    EXPECT_LE(error, 1e-5 * whole.dW.norm()) << kind << " " << sum.gradient_error;
    EXPECT_LE((gradient.dW - whole.dW).norm(), 4.0 * error);
    EXPECT_LE((gradient.db - whole.db).norm(), error);
    EXPECT_LE((gradient.dW_out - whole.dW_out).norm(), 4.0 * error);
  }
}

// Constants leave points: by the pointwise loss. One moving feature among them is its own law.
TEST(SupportSum, KnowsConstants) {
  using namespace activity;
  std::mt19937_64 random(6);
  std::normal_distribution<double> normal;
  const ActivityTree tree(
      join({exclusive({feature(0, 0.3), feature(1, 0.4)}), feature(2, 0.25), feature(3, 0.0)}));
  const DataLaw law{
      tree, std::vector<ValueLaw>{
                ValueLaw::constant(0.7), ValueLaw::constant(-1.2), ValueLaw::constant(2.0), {}}};
  const Features features = Features::of(law, Vector::LinSpaced(4, 0.5, 2.0));
  for (int trial = 0; trial < 5; ++trial) {
    Autoencoder model{Matrix::NullaryExpr(2, 4, [&] { return normal(random); }),
                      Vector::NullaryExpr(4, [&] { return 0.4 * normal(random); })};
    double expected = 0.0;
    for (const auto& [first, probability] :
         {std::pair{Vector{{0.7, 0.0}}, 0.3}, std::pair{Vector{{0.0, -1.2}}, 0.4},
          std::pair{Vector{{0.0, 0.0}}, 0.3}}) {
      for (const bool on : {false, true}) {
        Vector x(4);
        x << first, (on ? 2.0 : 0.0), 0.0;
        expected +=
            probability * (on ? 0.25 : 0.75) * pointwise_loss(model, features.importance, x);
      }
    }
    Gradient gradient;
    SupportSum sum(features, {0, 4});
    EXPECT_NEAR(sum.loss_and_gradient(model, gradient).value, expected, 1e-14 * expected);
    // The pointwise loss is piecewise smooth: a small step stays within a piece.
    Gradient ignored;
    for (const Index at : {0, 3, 5}) {
      constexpr double h = 1e-6;
      Autoencoder up = model, down = model;
      up.W(at) += h;
      down.W(at) -= h;
      const double slope =
          (sum.loss_and_gradient(up, ignored).value - sum.loss_and_gradient(down, ignored).value) /
          (2.0 * h);
      EXPECT_NEAR(gradient.dW(at), slope, 1e-7 * (1.0 + std::abs(slope)));
    }
  }
}

// Two moving features of each pair of laws, beside a constant: quadrature against the contour.
TEST(SupportSum, QuadratureOfTwoFeaturesAgreesWithTheContour) {
  std::mt19937_64 random(7);
  const std::vector<ValueLaw> laws{{},
                                   ValueLaw::uniform(-1.0, 2.0),
                                   ValueLaw::exponential(0.4),
                                   ValueLaw::normal(-0.3, 0.7),
                                   ValueLaw::half_normal(1.5)};
  Options options = fine();
  options.relative_target = 1e-7;
  options.gradient_target = 1e-5;
  for (std::size_t a = 0; a < laws.size(); ++a) {
    for (std::size_t b = 0; b < laws.size(); ++b) {
      const DataLaw law{ActivityTree::independent(Vector::Ones(2)), {laws[a], laws[b]}};
      Autoencoder model = testing::random_model(2, 2, random);
      model.W *= 0.7;
      if (a == b) model.W.col(1).setZero();
      model.W_out = model.W.transpose() * 1.0000001;  // no plain model
      const Features features = Features::of(law, Vector::Ones(2));
      Gradient gradient;
      const Loss sum = SupportSum(features, {2, 2}, options).loss_and_gradient(model, gradient);
      const LossAndGradient contour = loss_and_gradient(model, features, options);
      EXPECT_NEAR(sum.value, contour.loss.value, 2.0 * contour.loss.error_bound + 1e-10)
          << a << " " << b;
      EXPECT_LE((gradient.dW - contour.dW).norm(), 1e-4 * contour.dW.norm() + 1e-9);
      EXPECT_LE((gradient.dW_out - contour.dW_out).norm(), 1e-4 * contour.dW_out.norm() + 1e-9);
      EXPECT_LE((gradient.db - contour.db).norm(), 1e-4 * contour.db.norm() + 1e-9);
    }
  }
}

TEST(SupportSum, ThreadsChangeNothing) {
  std::mt19937_64 random(4);
  const auto model = testing::random_model(7, 3, random);
  const auto features = testing::random_features(7, 0.5, random);
  Gradient one, two;
  Options options;
  options.threads = 1;
  const double a = SupportSum(features, {3, 4}, options).loss_and_gradient(model, one).value;
  options.threads = 2;
  const double b = SupportSum(features, {3, 4}, options).loss_and_gradient(model, two).value;
  EXPECT_EQ(a, b);
  EXPECT_EQ(one.dW, two.dW);
  EXPECT_EQ(one.db, two.db);
}

TEST(SupportSum, RefusesWhatItCannotSum) {
  EXPECT_THROW(SupportSum(Features::uniform(5, 0.1), {-1, 3}), std::invalid_argument);
  EXPECT_THROW(SupportSum(Features::uniform(5, 0.1), {3, 6}), std::invalid_argument);
  EXPECT_THROW(SupportSum(Features::uniform(80, 0.1), {3, 3}), std::invalid_argument);
  EXPECT_EQ(SupportSum::supports(80, {3, 3}), 82160.0);
}

}  // namespace
}  // namespace skeleta::exact
