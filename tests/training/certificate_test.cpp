#include "skeleta/training/certificate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "skeleta/approximation/sparse_share.h"
#include "skeleta/certify/certified_minimum.h"
#include "support.h"

namespace skeleta::training {
namespace {

Certificate certify(const Features& features, Index hidden, Index most, std::uint64_t starts) {
  CertificateOptions options;
  options.most = most;
  options.starts = starts;
  return certificate(features, hidden, options);
}

// What holds for every certificate: L^(≤k)(θ_k) grows with k, min L lies between, and what
// θ_k costs is at most what its loss has beyond Q_k.
void expect_consistent(const Certificate& result, const Features& features) {
  const double rounding = 1e-9 * result.minimum.value;
  double before = 0.0;
  for (const CertificateRow& row : result.rows) {
    EXPECT_GE(row.lower, before - rounding);
    EXPECT_LE(row.lower, result.minimum.value + rounding);
    EXPECT_GE(row.upper.value, result.minimum.value);
    // Both models evaluated anew.
    const exact::Loss here = exact::loss(row.model, features);
    const exact::Loss least = exact::loss(result.model, features);
    EXPECT_NEAR(row.excess, here.value - least.value, 2e-8 * here.value) << row.k;
    EXPECT_LE(row.excess, row.upper.value - row.lower + rounding);
    // The exact engine knows nothing of the closed forms, nor of Gauss's rule.
    const auto shares = approximation::sparse_shares(row.model, features, row.k).shares;
    EXPECT_NEAR(row.lower, shares.back().up_to, 1e-7 * row.upper.value) << row.k;
    before = row.lower;
  }
}

// The one-sparse optimum is a polygon: Chen et al., arXiv 2310.06301, Lemma 3.1 (data/kgon.csv),
// and its thresholds are positive, so that Q0 adds nothing. L of the pentagon that minimises L: an
// independent minimisation of the 60-digit loss.
TEST(Certificate, OfFiveFeaturesKnowsThePentagon) {
  const double p = 0.05, one = 5 * p * std::pow(1 - p, 4);
  const Features features = Features::uniform(5, p);
  const Certificate result = certify(features, 2, 3, 20);
  ASSERT_EQ(result.rows.size(), 3u);
  EXPECT_NEAR(result.minimum.value, 0.0089035937, 1e-10);
  EXPECT_GE(result.hits, 10u);
  EXPECT_NEAR(result.rows[0].lower, one * 0.015825627074, 1e-12);
  EXPECT_GE(result.rows[0].hits, 5u);
  EXPECT_FALSE(result.rows[0].zero);
  for (const CertificateRow& row : result.rows) EXPECT_TRUE(row.same_configuration) << row.k;
  EXPECT_GT(result.rows[0].excess, 2.0 * result.rows[1].excess);
  EXPECT_GT(result.rows[1].excess, 2.0 * result.rows[2].excess);
  EXPECT_GT(result.rows[2].excess, 0.0);
  expect_consistent(result, features);
}

// On Q1 an antipodal pair is perfect and the third feature is left with a constant β: with
// q = (1 − p)³ and ω = p(1 − p)², min over β of (q + 3ω)β² − ωβ + ω/3.
TEST(Certificate, OfThreeFeaturesOnALineIsTheClosedForm) {
  const double p = 0.1, w = p * 0.81, q = 0.729;
  const Features features = Features::uniform(3, p);
  const Certificate result = certify(features, 1, 3, 20);
  EXPECT_NEAR(result.rows[0].lower, w / 3 - w * w / (4 * (q + 3 * w)), 1e-13);
  // k = D is the whole loss.
  EXPECT_NEAR(result.rows[2].lower, result.minimum.value, 1e-9 * result.minimum.value);
  EXPECT_NEAR(result.rows[2].excess, 0.0, 1e-9 * result.minimum.value);
  EXPECT_LT(result.rows[2].distance, 1e-4);
  expect_consistent(result, features);
}

// The certified minimum was found by branch and bound, which trusts no start.
TEST(Certificate, OfTwoFeaturesAgreesWithTheCertifiedMinimum) {
  for (const double p : {0.1, 0.5}) {
    const Features features = Features::uniform(2, p);
    const certify::CertifiedMinimum certified = certify::certify_minimum(features, 1);
    const Certificate result = certify(features, 1, 2, 8);
    EXPECT_GE(result.minimum.value, certified.lower);
    EXPECT_LE(result.minimum.value, certified.upper);
    EXPECT_TRUE(result.rows[0].zero);
    expect_consistent(result, features);
  }
}

// No two of the exclusive features are active at once, so Q_2 is all that there is; values of both
// signs leave no zero on Q_1.
TEST(Certificate, OfOtherLawsKnowsWhenNothingIsLeftOut) {
  using namespace activity;
  const ActivityTree tree(join({exclusive({feature(0, 0.2), feature(1, 0.2)}), feature(2, 0.1)}));
  const auto of = [&](const ValueLaw& value) {
    return Features::of({tree, std::vector<ValueLaw>(3, value)}, Vector::Ones(3));
  };
  const Features features = of(ValueLaw::uniform(0.0, 2.0));
  const Certificate result = certify(features, 1, 2, 2);
  expect_consistent(result, features);
  EXPECT_NEAR(result.rows[1].lower, result.minimum.value, 1e-7 * result.minimum.value);
  EXPECT_NEAR(result.rows[1].excess, 0.0, 1e-7 * result.minimum.value);
  EXPECT_GT(result.rows[0].excess, 1e-4 * result.minimum.value);
  EXPECT_TRUE(certify(features, 2, 1, 1).rows[0].zero);
  EXPECT_FALSE(certify(of(ValueLaw::uniform(-1.0, 1.0)), 2, 1, 1).rows[0].zero);
}

// D ≤ 2d: zero on a whole family; the chosen one has the smallest tail, which here is all its loss.
TEST(Certificate, OfFourFeaturesInThePlaneTakesTheSmallestTail) {
  const Features features = Features::uniform(4, 0.1);
  const Certificate few = certify(features, 2, 1, 1), many = certify(features, 2, 1, 20);
  for (const Certificate* result : {&few, &many}) {
    EXPECT_TRUE(result->rows[0].zero);
    EXPECT_LT(result->rows[0].lower, 1e-12);
    expect_consistent(*result, features);
  }
  EXPECT_EQ(many.rows[0].hits, 20u);
  EXPECT_LT(many.rows[0].excess, few.rows[0].excess);
}

TEST(Certificate, OfUnlikeFeaturesDoesNotRelabel) {
  std::mt19937_64 random(11);
  const Features features = testing::random_features(4, 0.3, random);
  const Certificate result = certify(features, 2, 4, 10);
  expect_consistent(result, features);
  EXPECT_LT(result.rows[3].distance, 1e-3);

  Autoencoder model{Matrix(2, 4), Vector::Zero(4)};
  model.W << 1.0, 0.0, 0.5, -0.2,  //
      0.0, 0.6, 0.1, 0.9;
  Autoencoder turned = model, swapped = model;
  turned.W = 2.0 * model.W.colwise().reverse();  // reflected and scaled
  swapped.W.col(0).swap(swapped.W.col(1));
  EXPECT_LT(shape_distance(model, turned, features), 1e-12);
  EXPECT_LT(shape_distance(model, swapped, Features::uniform(4, 0.1)), 1e-12);
  EXPECT_GT(shape_distance(model, swapped, features), 0.1);
  swapped.W.setZero();
  EXPECT_TRUE(std::isnan(shape_distance(model, swapped, features)));
}

TEST(Certificate, HasTheSameBitsForAnyNumberOfThreads) {
  const Features features = Features::uniform(4, 0.2);
  CertificateOptions options;
  options.most = 3;
  options.starts = 5;
  options.threads = 1;
  const Certificate serial = certificate(features, 2, options);
  options.threads = 3;
  const Certificate parallel = certificate(features, 2, options);
  EXPECT_EQ(serial.model.W, parallel.model.W);
  EXPECT_EQ(serial.minimum.value, parallel.minimum.value);
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_EQ(serial.rows[k].lower, parallel.rows[k].lower);
    EXPECT_EQ(serial.rows[k].upper.value, parallel.rows[k].upper.value);
    EXPECT_EQ(serial.rows[k].hits, parallel.rows[k].hits);
  }
}

TEST(Certificate, CountsItsStartsAndStopsWhenTold) {
  CertificateOptions options;
  options.starts = 3;
  std::uint64_t last = 0, expected = 0;
  certificate(Features::uniform(3, 0.2), 1, options, [&](std::uint64_t done, std::uint64_t all) {
    EXPECT_EQ(done, ++last);
    expected = all;
    return true;
  });
  EXPECT_EQ(last, 3u * 3u + 2u);
  EXPECT_EQ(expected, last);
  for (std::uint64_t stop = 1; stop <= last; ++stop) {
    const Certificate stopped =
        certificate(Features::uniform(3, 0.2), 1, options,
                    [&](std::uint64_t done, std::uint64_t) { return done < stop; });
    EXPECT_TRUE(stopped.interrupted) << stop;
  }
}

TEST(Certificate, RefusesWhatItCannotMinimise) {
  EXPECT_EQ(most_truncated(1), 1);
  EXPECT_EQ(most_truncated(8), 5);
  EXPECT_EQ(most_truncated(9), 2);
  const Features features = Features::uniform(9, 0.1);
  for (const Index k : {-1, 0, 3, 9}) {
    EXPECT_THROW(certify(features, 2, k, 1), std::invalid_argument) << k;
  }
  EXPECT_THROW(certify(features, 0, 1, 1), std::invalid_argument);
  EXPECT_THROW(certify(features, 2, 1, 0), std::invalid_argument);
  EXPECT_THROW(certify(Features::uniform(3, 0.0), 1, 1, 1), std::invalid_argument);
  CertificateOptions options;
  options.shape_tolerance = -1.0;
  EXPECT_THROW(certificate(features, 2, options), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::training
