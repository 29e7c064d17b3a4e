#include "skeleta/certify/block_minimum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "bounds/truncated_loss.h"
#include "skeleta/core/cancellation.h"
#include "support.h"

namespace skeleta::certify {
namespace {

double loss_of(const Features& features, const Autoencoder& model) {
  return bounds::TruncatedLoss(features, features.size()).value(model);
}

TEST(BlockMinimum, OfFourFeaturesIsTwoPairs) {
  const Features features = Features::uniform(4, 0.1);
  CertifyOptions options;
  options.relative_gap = 1e-4;
  const BlockMinimum found = certify_blocks(features, 2, options);
  const CertifiedMinimum pair = certify_minimum(Features::uniform(2, 0.1), 1, options);
  EXPECT_NEAR(found.lower, 2.0 * pair.lower, 1e-15);
  EXPECT_NEAR(found.upper, 2.0 * pair.upper, 1e-15);
  EXPECT_TRUE(found.split_proven);
  EXPECT_EQ(found.blocks.size(), 2u);
  for (const auto& block : found.blocks) EXPECT_EQ(block.size(), 2u);
  EXPECT_NEAR(loss_of(features, found.model), found.upper, 1e-10);
  // A conjectured value of this infimum, n(1 − S)²/3 + (m − 2n)v, is larger.
  EXPECT_LT(found.upper, 2.0 * 0.01 / 3.0);
}

TEST(BlockMinimum, NoOneSparseColumnsDoBetter) {
  Features features = Features::uniform(3, 0.0);
  features.density << 0.3, 0.05, 0.1;
  features.importance << 1.0, 0.5, 2.0;
  CertifyOptions options;
  options.relative_gap = 1e-3;
  const BlockMinimum found = certify_blocks(features, 2, options);
  EXPECT_LE(found.lower, found.upper);
  EXPECT_NEAR(loss_of(features, found.model), found.upper, 1e-9);
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  for (int n = 0; n < testing::scaled(20'000, 2000); ++n) {
    Autoencoder model{Matrix::Zero(2, 3), Vector::Zero(3)};
    const double near = n % 2 == 0 ? 0.05 : 1.0;
    for (Index j = 0; j < 3; ++j) {
      model.W(static_cast<Index>(random() % 2), j) = normal(random);
      model.b(j) = 0.3 * normal(random);
      if (n % 2 == 0) {
        model.W.col(j) = found.model.W.col(j) * (1.0 + near * normal(random));
        model.b(j) = found.model.b(j) + near * normal(random);
      }
    }
    ASSERT_GE(loss_of(features, model), found.lower);
  }
}

TEST(BlockMinimum, OneDimensionForEachLosesNothing) {
  const BlockMinimum found = certify_blocks(Features::uniform(3, 0.4), 3);
  EXPECT_EQ(found.lower, 0.0);
  EXPECT_EQ(found.upper, 0.0);
  EXPECT_EQ(found.boxes, 0u);
  EXPECT_TRUE(found.split_proven);
}

TEST(BlockMinimum, RefusesWhatItCannotDo) {
  const Features few = Features::uniform(3, 0.1);
  EXPECT_THROW(certify_blocks(Features::uniform(5, 0.1), 2), std::invalid_argument);
  EXPECT_THROW(certify_blocks(few, 0), std::invalid_argument);
  EXPECT_THROW(certify_blocks(few, 4), std::invalid_argument);
  EXPECT_THROW(certify_blocks(few, 2, {.skeletons = 1}), std::invalid_argument);
  EXPECT_THROW(certify_blocks(few, 1, {}, [](const CertifiedMinimum&) { return false; }),
               Interrupted);
}

}  // namespace
}  // namespace skeleta::certify
