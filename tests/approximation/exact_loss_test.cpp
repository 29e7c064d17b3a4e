#include "skeleta/approximation/exact_loss.h"

#include <gtest/gtest.h>

#include <cmath>

#include "oracle_table.h"
#include "skeleta/approximation/sampled_loss.h"
#include "support.h"

namespace skeleta::approximation {
namespace {

Autoencoder unit_columns(Index features, Index hidden, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Autoencoder model{Matrix(hidden, features), Vector(features)};
  for (double& w : model.W.reshaped()) w = normal(random);
  model.W.colwise().normalize();
  for (double& b : model.b) b = 0.1 + 0.1 * normal(random);
  return model;
}

// Sampling and the contour integral know nothing of each other. Rule: |z| < 5, with a standard
// error below 1e-4 of the loss (scaled tests: 1e-3), fixed seeds.
TEST(ExactLoss, AgreesWithSamplingAtAllSizes) {
  const double tolerance = testing::scale() < 1.0 ? 1e-3 : 1e-4;
  struct Size {
    Index features, hidden;
    double density;
  };
  for (const auto& [features, hidden, density] :
       {Size{20, 5, .05}, {80, 20, .02}, {400, 30, .01}, {1000, 50, .002}}) {
    const Autoencoder model = unit_columns(features, hidden, 21);
    std::mt19937_64 random(22);
    Features unequal = testing::random_features(features, 2 * density, random);
    unequal.density(0) = 0.0;
    for (const Features& data : {Features::uniform(features, density), unequal}) {
      // Unequal densities take longer to sample; two sizes are enough for them.
      if (features > 100 && data.density(0) == 0.0) continue;
      exact::Options precise;
      precise.threads = 0;
      const exact::Loss exact = exact::loss(model, data, precise);
      ASSERT_TRUE(exact.met_target());
      estimate::Options options;
      options.relative_tolerance = tolerance;
      const IntegralBySkeleton sampled = sampled_loss(model, data, options).loss;
      ASSERT_EQ(sampled.stop_reason, StopReason::precision);
      EXPECT_LT(std::abs(z_score(sampled, exact)), 5.0) << "D = " << features;
    }
  }
}

TEST(ExactLoss, SummaryHasTheOneSparsePartEvenIfItIsNotListed) {
  for (const testing::OracleCase& c : testing::oracle_table()) {
    if (c.features.size() < 2 || c.loss == 0.0) continue;
    exact::Options options;
    options.skeletons = 0;
    options.relative_target = 1e-6;  // within reach for every model of the table
    const ExactLoss result = exact_loss(c.model, c.features, options);
    EXPECT_NEAR(result.one_sparse.contribution, c.contributions.head(2).sum(), 1e-12 * c.loss)
        << c.name;
    EXPECT_NEAR(result.one_sparse.rest, c.loss - c.contributions.head(2).sum(),
                result.loss.error_bound + 1e-12 * c.loss)
        << c.name;
  }
}

// Listing takes most: CPU time of random models of 400 features at density .01 is .16 s for the
// loss and 1.3 s for all, of 80 features at .02 5 and 32 ms.
TEST(ExactLoss, ForeseesWhatListingSkeletonsTakes) {
  const auto foreseen = [](Index count, double density) {
    const Autoencoder model{Matrix::Ones(count / 4, count), Vector::Zero(count)};
    return foreseen_exact_seconds(model, Features::uniform(count, density));
  };
  EXPECT_NEAR(foreseen(400, 0.01), 1.3, 0.4);
  EXPECT_NEAR(foreseen(80, 0.02), 0.035, 0.01);
  EXPECT_GT(foreseen(80, 0.2), 1.8 * foreseen(80, 0.02));  // 45 of them instead of 17
}

// Output 0 is off by e = 7e-13 whenever feature 1 is active. Terms of .49 cancel in what sums over
// supports make of that, and would leave 1e-17.
TEST(ExactLoss, SkeletonsOfConstantValuesAreWithinItsError) {
  constexpr double p = 0.1, x = 0.7, e = 1e-12 * x;
  Autoencoder model{Matrix::Identity(3, 3), Vector::Zero(3)};
  model.W_out = Matrix::Identity(3, 3);
  model.W_out(0, 1) = 1e-12;
  const Features features = Features::of(
      DataLaw::independent(Vector::Constant(3, p), ValueLaw::constant(x)), Vector::Ones(3));
  const ExactLoss found = exact_loss(model, features, {});
  const double right[] = {0.0, p * (1 - p) * (1 - p) * e * e, 2.0 * p * p * (1 - p) * e * e,
                          p * p * p * e * e};
  EXPECT_LE(found.loss.error_bound, 1e-2 * e * e);
  for (const SkeletonPart& part : found.loss.skeletons) {
    EXPECT_NEAR(part.contribution, right[part.l], found.loss.error_bound) << part.l;
  }
}

TEST(ZScore, TakesTheBoundsOffTheDistance) {
  IntegralBySkeleton sampled;
  sampled.value = 1.5;
  sampled.standard_error = 0.1;
  sampled.error_bound = 0.2;
  exact::Loss exact;
  exact.value = 1.0;
  exact.error_bound = 0.1;
  EXPECT_NEAR(z_score(sampled, exact), 2.0, 1e-12);
  exact.value = 2.0;
  EXPECT_NEAR(z_score(sampled, exact), -2.0, 1e-12);
  exact.value = 1.3;
  EXPECT_EQ(z_score(sampled, exact), 0.0);
}

}  // namespace
}  // namespace skeleta::approximation
