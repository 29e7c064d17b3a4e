#include "skeleta/approximation/sparse_share.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include "bounds/truncated_loss.h"
#include "oracle_table.h"
#include "skeleta/storage/model_file.h"
#include "support.h"

namespace skeleta::approximation {
namespace {

TEST(SparseShares, AreThoseOfTheOracle) {
  int models = 0;
  for (const testing::OracleCase& c : testing::oracle_table()) {
    if (c.name.rfind("plain", 0) != 0) continue;
    const Index count = c.features.size();
    exact::Options options;
    options.probability_floor = 0.0;
    const SparseShares result = sparse_shares(c.model, c.features, count, options);
    ASSERT_EQ(result.shares.size(), static_cast<std::size_t>(count) + 1);
    for (Index k = 0; k <= count; ++k) {
      const SparseShare& share = result.shares[static_cast<std::size_t>(k)];
      const double beyond = c.contributions.tail(count - k).sum();
      const double error = 1e-8 * c.loss * static_cast<double>(count);
      EXPECT_EQ(share.k, k);
      EXPECT_NEAR(share.contribution, c.contributions(k), error) << c.name;
      EXPECT_NEAR(share.up_to, c.contributions.head(k + 1).sum(), error) << c.name;
      EXPECT_NEAR(share.beyond, beyond, error) << c.name;
      EXPECT_NEAR(share.share_beyond, beyond / c.loss, 1e-7) << c.name;
      EXPECT_GE(share.bound, beyond * (1 - 1e-14));
      EXPECT_GE(share.mass_bound, share.bound);
      EXPECT_NEAR(share.probability_beyond, c.probability.tail(count - k).sum(), 1e-14);
    }
    ++models;
  }
  EXPECT_GE(models, 10);
}

// Groups of half-normal values and an untied model: the shares add up, bounds hold, and the
// gradient of all skeletons is that of the loss.
TEST(SparseShares, KnowOtherLawsAndModels) {
  using namespace activity;
  std::mt19937_64 random(9);
  const DataLaw law{
      ActivityTree(join({exclusive({feature(0, 0.3), feature(1, 0.4)}), feature(2, 0.5)})),
      std::vector<ValueLaw>(3, ValueLaw::half_normal(1.0))};
  const Features features = Features::of(law, Vector::Ones(3));
  Autoencoder model = testing::random_model(3, 2, random);
  model.W_out = 0.9 * model.W.transpose();
  exact::Options options;
  options.relative_target = 1e-7;
  const SparseShares result = sparse_shares(model, features, 3, options);
  ASSERT_EQ(result.shares.size(), 4u);
  EXPECT_NEAR(result.shares[0].probability_beyond, 1.0 - 0.3 * 0.5, 1e-15);
  EXPECT_NEAR(result.shares[1].probability_beyond, 0.7 * 0.5, 1e-15);
  EXPECT_EQ(result.shares[2].probability_beyond, 0.0);
  EXPECT_NEAR(result.shares[2].up_to, result.loss.value, 1e-6 * result.loss.value);
  for (const SparseShare& share : result.shares) {
    EXPECT_GE(share.bound, share.beyond - result.loss.error_bound);
    EXPECT_GE(share.mass_bound, share.bound);
  }
  EXPECT_LT(gradient_agreement(model, features, 2, options).relative_difference, 1e-5);
  EXPECT_GT(gradient_agreement(model, features, 1, options).relative_difference, 1e-2);
}

// MATH: P(N ≥ 2) = .023, but 62 % of the trained model's loss.
TEST(SparseShares, ShowThatMassMisleads) {
  const auto file = storage::read_models(SKELETA_SOURCE_DIR "/data/trained/n5_m2_S0.95.h5");
  const Features features{file.density.at(0), Vector::Ones(5)};
  const SparseShares result = sparse_shares(file.models.front(), features, 2);
  EXPECT_NEAR(result.shares[1].probability_beyond, 0.0226, 5e-5);
  EXPECT_NEAR(result.shares[1].share_beyond, 0.62, 0.005);
}

// An antipodal pair loses nothing on Q_1; on Q_2, of probability p², E 2 min(x₁, x₂)² = 1/3.
TEST(SparseShares, KnowWhatIsLostWhereItIsAlmostNever) {
  for (const double p : {1e-3, 1e-7, 1e-30}) {
    const Autoencoder pair{(Matrix(1, 2) << 1.0, -1.0).finished(), Vector::Zero(2)};
    const SparseShares result = sparse_shares(pair, Features::uniform(2, p), 1);
    EXPECT_NEAR(result.shares[1].beyond, p * p / 3.0, 1e-9 * p * p);
    EXPECT_NEAR(result.shares[1].share_beyond, 1.0, 1e-9);
    EXPECT_EQ(result.shares[1].contribution, 0.0);
  }
}

Features alike(Index count, double density, const ValueLaw& value) {
  DataLaw law = DataLaw::independent(Vector::Constant(count, density));
  law.values.assign(static_cast<std::size_t>(count), value);
  return Features::of(law, Vector::Ones(count));
}

// Likewise of exponential values of mean 1, whose smaller one has E min² = 1/2: more than what the
// contour's error leaves of it.
TEST(SparseShares, KnowItUnderOtherLaws) {
  const Autoencoder pair{(Matrix(1, 2) << 1.0, -1.0).finished(), Vector::Zero(2)};
  for (const double p : {1e-3, 1e-7, 1e-12, 1e-30, 1e-100}) {
    const Features features = alike(2, p, ValueLaw::exponential(1.0));
    const SparseShares result = sparse_shares(pair, features, 1);
    EXPECT_NEAR(result.shares[1].beyond, p * p, 1e-7 * p * p);
    EXPECT_GE(result.shares[1].bound, result.shares[1].beyond);
  }
}

// Of more features than are summed support by support, what the contour leaves is kept within
// what is known.
TEST(SparseShares, LieWithinTheirBounds) {
  const Autoencoder wheel = [] {
    Autoencoder model{Matrix(2, 30), Vector::Zero(30)};
    for (Index j = 0; j < 30; ++j) {
      const double angle = 2.0 * std::numbers::pi * static_cast<double>(j) / 30.0;
      model.W.col(j) << std::cos(angle), std::sin(angle);
    }
    return model;
  }();
  for (const double p : {1e-6, 1e-10, 1e-14}) {
    const Features features = alike(30, p, ValueLaw::half_normal(1.0));
    for (const SparseShare& share : sparse_shares(wheel, features, 3).shares) {
      EXPECT_GE(share.beyond, 0.0) << p;
      EXPECT_LE(share.beyond, share.bound) << p;
    }
  }
}

TEST(CompareGradients, KnowsSizesAndAngles) {
  const Vector e = (Vector(3) << 2.0, 0.0, 0.0).finished();
  const Vector f = (Vector(3) << 0.0, 3.0, 0.0).finished();
  const GradientAgreement right = compare_gradients(f, e);
  EXPECT_NEAR(right.angle, std::numbers::pi / 2, 1e-15);
  EXPECT_EQ(right.relative_size, 1.5);
  EXPECT_NEAR(right.relative_difference, std::sqrt(13.0) / 2, 1e-15);
  EXPECT_EQ(compare_gradients(e, e).angle, 0.0);
  EXPECT_NEAR(compare_gradients(-e, e).angle, std::numbers::pi, 1e-15);
  const Vector tilted = e + 1e-9 * f;
  EXPECT_NEAR(compare_gradients(tilted, e).angle, 1.5e-9, 1e-22);
  EXPECT_TRUE(std::isnan(compare_gradients(0.0 * e, e).angle));
}

// Against the loss that integrates one set of active features after the other.
TEST(GradientAgreement, IsThatOfTwoOtherGradients) {
  std::mt19937_64 random(8);
  for (int repeat = 0; repeat < 12; ++repeat) {
    const Index count = 2 + repeat % 3, k = repeat % 3;
    Autoencoder model = testing::random_model(count, 1, random);
    model.b(0) = -0.3;  // so that Q0 has a gradient
    const Features features = testing::random_features(count, 0.5, random);
    const auto gradient = [&](Index most) {
      Matrix dW;
      Vector db;
      bounds::TruncatedLoss(features, most).value_and_gradient(model, dW, db);
      Vector all(dW.size() + db.size());
      all << dW.reshaped(), db;
      return all;
    };
    const GradientAgreement expected = compare_gradients(gradient(k), gradient(count));
    const GradientAgreement found = gradient_agreement(model, features, k);
    EXPECT_NEAR(found.relative_size, expected.relative_size, 1e-5);
    EXPECT_NEAR(found.relative_difference, expected.relative_difference, 1e-5);
    EXPECT_NEAR(found.angle, expected.angle, 1e-5);
  }
}

}  // namespace
}  // namespace skeleta::approximation
