// The user sets the scale of the loss: importances times c, densities towards 0. Nothing but the
// scale of the results may change.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "skeleta/training/certificate.h"
#include "skeleta/training/sweep.h"
#include "skeleta/training/train.h"

namespace skeleta::training {
namespace {

Features times(Features features, double c) {
  features.importance *= c;
  return features;
}

// A factor of 2^k changes no bit of W, b and the path, for every objective and optimizer.
TEST(Scale, APowerOfTwoInTheImportancesChangesNoBit) {
  Features features = Features::uniform(5, 0.05);
  features.importance(2) = 0.7;
  for (const auto objective :
       {ObjectiveKind::exact, ObjectiveKind::one_sparse, ObjectiveKind::k_sparse,
        ObjectiveKind::sampled, ObjectiveKind::linear}) {
    for (const auto optimizer : {OptimizerKind::lbfgs, OptimizerKind::adam, OptimizerKind::sgd}) {
      Options options;
      options.objective = objective;
      options.optimizer = optimizer;
      options.starts = 2;
      options.max_steps = optimizer == OptimizerKind::lbfgs ? 10'000 : 50;
      const Training one = train(features, 2, options);
      for (const int k : {-700, -33, 1, 33, 700}) {
        const Training other = train(times(features, std::ldexp(1.0, k)), 2, options);
        ASSERT_EQ(other.minima.size(), one.minima.size());
        for (std::size_t n = 0; n < 2; ++n) {
          const TrainedModel &a = one.starts[n], &b = other.starts[n];
          EXPECT_EQ(a.model.W, b.model.W) << to_string(objective) << " 2^" << k;
          EXPECT_EQ(a.model.b, b.model.b);
          EXPECT_EQ(a.summary.evaluations, b.summary.evaluations);
          EXPECT_EQ(a.summary.stop_reason, b.summary.stop_reason);
          EXPECT_EQ(std::ldexp(a.loss.value, k), b.loss.value);
          EXPECT_EQ(std::ldexp(a.loss.error_bound, k), b.loss.error_bound);
          EXPECT_EQ(std::ldexp(a.loss_gradient_norm, k), b.loss_gradient_norm);
          EXPECT_EQ(std::ldexp(a.summary.value, k), b.summary.value);
          EXPECT_EQ(std::ldexp(a.trajectory.front().value, k), b.trajectory.front().value);
        }
      }
    }
  }
}

// Any other factor changes roundings only. The pentagon: tests/training/train_test.cpp.
TEST(Scale, AnyFactorInTheImportancesLeavesTheMinima) {
  Options options;
  options.starts = 5;
  for (const double c : {1e-200, 1e-10, 1e-6, 1e-3, 1e3, 1e6, 1e10, 1e200}) {
    const Training training = train(Features::uniform(5, 0.05, c), 2, options);
    ASSERT_FALSE(training.minima.empty()) << c;
    EXPECT_NEAR(training.minima.front().loss / c, 0.0089035937243, 1e-12) << c;
    for (const TrainedModel& start : training.starts) EXPECT_TRUE(start.is_minimum()) << c;
  }
}

// min L/(5p) tends to the pentagon's mean loss on Q_1, .015825627074 (data/kgon.csv), with an error
// of the order of P(N ≥ 2 | N ≥ 1) < 2p: .44 p for small p.
TEST(Scale, RareFeaturesEndInThePentagon) {
  Options options;
  options.starts = 4;
  for (int k = 1; k <= 10; ++k) {
    const double p = std::pow(10.0, -k);
    const Training training = train(Features::uniform(5, p), 2, options);
    ASSERT_FALSE(training.minima.empty()) << p;
    EXPECT_NEAR(training.minima.front().loss / (5.0 * p), 0.015825627074, 0.45 * p + 1e-11) << p;
    if (k == 1) continue;  // two starts end elsewhere
    EXPECT_EQ(training.minima.size(), 1u) << p;
    EXPECT_EQ(training.minima.front().count(), 4) << p;
  }
}

// Two features in one dimension: an antipodal pair (1, −1), which loses 2 E min(x_1, x_2)² = 1/3
// where both are active, and nothing else; better ones gain some .016 p of that. Between it and the
// other minima lies 1/p: no tolerance relative to the zero model tells its digits.
TEST(Scale, RareFeaturesEndInTheAntipodalPair) {
  Options options;
  options.starts = 6;
  for (int k = 1; k <= 10; ++k) {
    const double p = std::pow(10.0, -k);
    const Training training = train(Features::uniform(2, p), 1, options);
    ASSERT_FALSE(training.minima.empty()) << p;
    EXPECT_NEAR(training.minima[0].loss / (p * p), 1.0 / 3.0, 0.016 * p + 1e-8) << p;
    EXPECT_GE(training.minima[0].count(), 2) << p;
    if (training.minima.size() > 1) {
      EXPECT_GT(training.minima[1].loss, 2.0 * training.minima[0].loss) << p;
    }
  }
}

TEST(Scale, HoldsForSweeps) {
  SweepPlan plan;
  plan.features = {3};
  plan.hidden = {1};
  plan.density = {1e-2, 1e-6, 1e-10};
  plan.training.starts = 10;
  std::vector<double> shares;
  sweep(plan, {}, [&](const CellResult& cell) {
    EXPECT_EQ(cell.best.summary.stop_reason, optimize::DescentStop::gradient);
    shares.push_back(cell.best.loss.value / cell.cell.density);
    return true;
  });
  ASSERT_EQ(shares.size(), 3u);
  // The limit is of the order of p below the others: .31798084 (three columns on a line on Q_1,
  // minimised at p = 1e-9 with the importances 1e9 and no preconditioning).
  EXPECT_NEAR(shares[0], 0.31798084, 0.3e-2);
  EXPECT_NEAR(shares[1], 0.31798084, 1e-6);
  EXPECT_NEAR(shares[2], 0.31798084, 1e-8);
}

// `lower` is a bound however rare the features are: what lies beyond Q_1 or Q_2 is some 23 p or
// less of the loss. The excess, of the order of p³, keeps its digits: θ_1 is off by the order of p,
// which costs its square, in a loss of the order of p.
TEST(Scale, CertificatesHoldForRareFeatures) {
  CertificateOptions options;
  options.most = 2;
  options.starts = 6;
  std::vector<double> excess;
  for (const double p : {1e-3, 1e-4, 1e-5, 1e-8}) {
    const Certificate result = certificate(Features::uniform(5, p), 2, options);
    for (const CertificateRow& row : result.rows) {
      EXPECT_LE(row.lower, result.minimum.value * (1.0 + 1e-10)) << p;
      EXPECT_GE(row.lower, result.minimum.value * (1.0 - 35.0 * p)) << p;
      EXPECT_GE(row.upper.value, result.minimum.value);
      EXPECT_FALSE(row.zero);
      EXPECT_GE(row.hits, 2u) << p;
    }
    EXPECT_GE(result.hits, 2u) << p;
    excess.push_back(result.rows[0].excess / (p * p * p));
  }
  EXPECT_NEAR(excess[1], excess[0], 0.05 * excess[0]);
  EXPECT_NEAR(excess[2], excess[0], 0.1 * excess[0]);
  // k = 2 = D is the whole loss, of which 0 is no minimum though it is p times that of the zero
  // model; on Q_1 it is.
  const Certificate pair = certificate(Features::uniform(2, 1e-9), 1, options);
  EXPECT_TRUE(pair.rows[0].zero);
  EXPECT_EQ(pair.rows[0].lower, 0.0);
  EXPECT_FALSE(pair.rows[1].zero);
  EXPECT_NEAR(pair.rows[1].lower / 1e-18, 1.0 / 3.0, 1e-7);
  EXPECT_NEAR(pair.minimum.value / 1e-18, 1.0 / 3.0, 1e-7);
}

TEST(Scale, APowerOfTwoChangesNoBitOfACertificate) {
  CertificateOptions options;
  options.most = 3;
  options.starts = 3;
  const Features features = Features::uniform(4, 0.1);
  const Certificate one = certificate(features, 2, options);
  for (const int k : {-900, 33}) {
    const Certificate other = certificate(times(features, std::ldexp(1.0, k)), 2, options);
    EXPECT_EQ(std::ldexp(one.minimum.value, k), other.minimum.value);
    for (std::size_t n = 0; n < one.rows.size(); ++n) {
      EXPECT_EQ(one.rows[n].model.W, other.rows[n].model.W);
      EXPECT_EQ(std::ldexp(one.rows[n].lower, k), other.rows[n].lower);
      EXPECT_EQ(std::ldexp(one.rows[n].excess, k), other.rows[n].excess);
      EXPECT_EQ(one.rows[n].hits, other.rows[n].hits);
    }
  }
}

// The same shape, losses a third apart, 1e-9 of that of the zero model.
TEST(Scale, DistinctMinimaAreToldApartRelativeToTheirLoss) {
  const double p = 1e-5, zero = 5.0 * p / 3.0;
  Autoencoder model{Matrix::Random(2, 5), Vector::Zero(5)};
  const Autoencoder* models[] = {&model, &model, &model};
  const double losses[] = {1e-9 * zero, 1.34e-9 * zero, 1e-9 * zero * (1.0 + 1e-7)};
  for (const double c : {1e-200, 1.0, 1e200}) {
    const double scaled[] = {c * losses[0], c * losses[1], c * losses[2]};
    const auto minima = distinct_minima(models, scaled, Features::uniform(5, p, c));
    ASSERT_EQ(minima.size(), 2u) << c;
    EXPECT_EQ(minima[0].models, (std::vector<Index>{0, 2}));
  }
}

// Losses of a few steps of the smallest number: the bound knows that they are rounded.
TEST(Scale, LossesBelowTheSmallestNormalNumberSayHowExactTheyAre) {
  const double c = 1e-320, step = std::numeric_limits<double>::denorm_min();
  const TrainedModel end = train(Features::uniform(5, 0.05, c), 2, {}).starts[0];
  EXPECT_TRUE(end.is_minimum());
  EXPECT_LE(std::abs(end.loss.value / step - 0.0089035937 * (c / step)),
            end.loss.error_bound / step);
  EXPECT_LE(end.loss.error_bound, 2.0 * step);
}

TEST(Scale, BeyondTheRangeOfDoubleIsRefused) {
  EXPECT_THROW(train(Features::uniform(7, 1.0, 1e308), 2, {}), std::invalid_argument);
  EXPECT_THROW(certificate(Features::uniform(7, 1.0, 1e308), 2), std::invalid_argument);
  Options options;
  options.starts = 3;
  const Training training = train(Features::uniform(5, 1e-3, 1e308), 2, options);
  EXPECT_NEAR(training.minima.front().loss / 1e305, 0.081259509445, 1e-10);
}

}  // namespace
}  // namespace skeleta::training
