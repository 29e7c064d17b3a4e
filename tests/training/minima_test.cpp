#include "skeleta/training/minima.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>

#include "support.h"

namespace skeleta::training {
namespace {

Autoencoder polygon(Index corners, Index columns, double turn) {
  Autoencoder model{Matrix::Zero(2, columns), Vector::Zero(columns)};
  for (Index j = 0; j < corners; ++j) {
    const double angle =
        turn + 2.0 * std::numbers::pi * static_cast<double>(j) / static_cast<double>(corners);
    model.W.col(j) << std::cos(angle), std::sin(angle);
  }
  return model;
}

TEST(Minima, AreCountedUpToRotationAndRelabelling) {
  const auto pentagon = polygon(5, 5, 0.0), turned = polygon(5, 5, 0.7),
             square = polygon(4, 5, 0.0);
  auto relabelled = turned;
  relabelled.W.col(0).swap(relabelled.W.col(2));
  const Autoencoder* models[] = {&square, &pentagon, &relabelled, &pentagon, &turned};
  const double losses[] = {0.2, 0.1, 0.1 + 1e-9, std::numeric_limits<double>::quiet_NaN(), 0.1};
  const auto minima = distinct_minima(models, losses, Features::uniform(5, 0.1));
  ASSERT_EQ(minima.size(), 2u);
  EXPECT_EQ(minima[0].models, (std::vector<Index>{1, 4, 2}));
  EXPECT_EQ(minima[0].loss, 0.1);
  EXPECT_EQ(minima[0].rank, 2);
  EXPECT_NEAR(minima[0].norm, 5.0, 1e-14);
  EXPECT_NEAR(minima[0].feature_dimensionality(4), 0.4, 1e-14);
  EXPECT_EQ(minima[1].models, (std::vector<Index>{0}));
  EXPECT_NEAR(minima[1].feature_dimensionality(0), 0.5, 1e-14);
  EXPECT_EQ(minima[1].feature_dimensionality(4), 0.0);
}

TEST(Minima, OfEqualLossButOtherShapeAreDistinct) {
  const auto pentagon = polygon(5, 5, 0.0);
  auto shorter = pentagon;
  shorter.W.col(1) *= 0.9;
  const Autoencoder* models[] = {&pentagon, &shorter};
  const double losses[] = {0.1, 0.1};
  EXPECT_EQ(distinct_minima(models, losses, Features::uniform(5, 0.1)).size(), 2u);
}

// The norms 1, 1, 1, 1, 1.2 at another place of the pentagon: the same only if features are alike.
TEST(Minima, UnlikeFeaturesMayNotBeRelabelled) {
  auto first = polygon(5, 5, 0.0), second = polygon(5, 5, 1.0);
  first.W.col(0) *= 1.2;
  second.W.col(2) *= 1.2;
  auto rotated = polygon(5, 5, 2.0);
  rotated.W.col(0) *= 1.2;
  const Autoencoder* models[] = {&first, &second, &rotated};
  const double losses[] = {0.1, 0.1, 0.1};
  auto features = Features::uniform(5, 0.1);
  EXPECT_EQ(distinct_minima(models, losses, features).size(), 1u);
  features.importance(0) = 0.9;
  const auto minima = distinct_minima(models, losses, features);
  ASSERT_EQ(minima.size(), 2u);
  EXPECT_EQ(minima[0].models, (std::vector<Index>{0, 2}));
}

TEST(Minima, RefuseListsOfDifferentLengths) {
  const auto pentagon = polygon(5, 5, 0.0);
  const Autoencoder* models[] = {&pentagon};
  EXPECT_THROW(distinct_minima(models, {}, Features::uniform(5, 0.1)), std::invalid_argument);
  EXPECT_TRUE(distinct_minima({}, {}, Features::uniform(5, 0.1)).empty());
}

}  // namespace
}  // namespace skeleta::training
