#include "skeleta/exact/support_sum.h"

#include <gtest/gtest.h>

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
    Matrix dW;
    Vector db;
    for (Index last = 3; last <= count; ++last) {
      expected += parts[static_cast<std::size_t>(last)].contribution;
      const Loss sum = SupportSum(features, {3, last}, fine()).loss_and_gradient(model, dW, db);
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
    Matrix dW, closed_dW;
    Vector db, closed_db;
    const Loss sum = SupportSum(features, {1, 2}, fine()).loss_and_gradient(model, dW, db);
    const double closed =
        SparseLoss(features, {1, 2}).loss_and_gradient(model, closed_dW, closed_db);
    EXPECT_NEAR(sum.value, closed, 1e-10 * closed) << trial;
    EXPECT_LE((dW - closed_dW).norm(), 1e-7 * closed_dW.norm()) << trial;
    EXPECT_LE((db - closed_db).norm(), 1e-7 * closed_db.norm()) << trial;
  }
}

// All skeletons together are the loss of the engine itself.
TEST(SupportSum, OfAllSupportsIsTheWholeLoss) {
  std::mt19937_64 random(3);
  const auto model = testing::random_model(6, 2, random);
  const auto features = testing::random_features(6, 0.9, random);
  Matrix dW, dW_0;
  Vector db, db_0;
  const Loss sum = SupportSum(features, {1, 6}, fine()).loss_and_gradient(model, dW, db);
  const double none = SparseLoss(features, {0, 0}).loss_and_gradient(model, dW_0, db_0);
  const LossAndGradient whole = loss_and_gradient(model, features, fine());
  EXPECT_NEAR(sum.value + none, whole.loss.value, 1e-10 * whole.loss.value);
  EXPECT_LE((dW + dW_0 - whole.dW).norm(), 1e-7 * whole.dW.norm());
  EXPECT_LE((db + db_0 - whole.db).norm(), 1e-7 * whole.db.norm());
}

TEST(SupportSum, ThreadsChangeNothing) {
  std::mt19937_64 random(4);
  const auto model = testing::random_model(7, 3, random);
  const auto features = testing::random_features(7, 0.5, random);
  Matrix one, two;
  Vector db_one, db_two;
  Options options;
  options.threads = 1;
  const double a =
      SupportSum(features, {3, 4}, options).loss_and_gradient(model, one, db_one).value;
  options.threads = 2;
  const double b =
      SupportSum(features, {3, 4}, options).loss_and_gradient(model, two, db_two).value;
  EXPECT_EQ(a, b);
  EXPECT_EQ(one, two);
  EXPECT_EQ(db_one, db_two);
}

TEST(SupportSum, RefusesWhatItCannotSum) {
  EXPECT_THROW(SupportSum(Features::uniform(5, 0.1), {0, 3}), std::invalid_argument);
  EXPECT_THROW(SupportSum(Features::uniform(5, 0.1), {3, 6}), std::invalid_argument);
  EXPECT_THROW(SupportSum(Features::uniform(80, 0.1), {3, 3}), std::invalid_argument);
  EXPECT_EQ(SupportSum::supports(80, {3, 3}), 82160.0);
}

}  // namespace
}  // namespace skeleta::exact
