#include "skeleta/linear/moment_law.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/decompositions.h"
#include "skeleta/linear/sparse_data.h"

namespace skeleta::linear {
namespace {

TEST(MomentLaw, HasTheEigenvaluesOfTheExpectedMoment) {
  for (const Index D : {1, 2, 7}) {
    for (const double p : {0.01, 0.4, 1.0}) {
      const MomentLaw law = moment_law(D, p, 100);
      const Vector eigenvalues = symmetric_eigenvalues(expected_moment(Vector::Constant(D, p)));
      EXPECT_NEAR(eigenvalues(D - 1), law.first_eigenvalue, 1e-14);
      const double least = D > 1 ? law.other_eigenvalue : law.first_eigenvalue;
      EXPECT_NEAR(eigenvalues(0), least, 1e-14);
    }
  }
}

// D = 1 and p = 1 by hand: x² has mean 1/3 and variance 1/5 − 1/9 = 4/45.
TEST(MomentLaw, IsKnownForOneFeature) {
  const MomentLaw law = moment_law(1, 1.0, 20);
  EXPECT_NEAR(law.noise, std::sqrt(4.0 / 45.0 / 20.0) * 3.0, 1e-15);
  EXPECT_EQ(law.interaction, 0.0);
  EXPECT_NEAR(law.distance, law.noise, 1e-15);
}

// The mean of the squared distances over many data sets, against the formula; and no data set
// exceeds the bounds, of which one in twenty may.
TEST(MomentLaw, AgreesWithDataSets) {
  struct Setting {
    Index features;
    double density;
    std::uint64_t samples;
  };
  for (const Setting s : {Setting{10, 0.1, 500}, Setting{30, 0.02, 2000}, Setting{5, 0.8, 300}}) {
    const MomentLaw law = moment_law(s.features, s.density, s.samples);
    constexpr int sets = 400;
    Vector noise(sets), distance(sets);
    for (int k = 0; k < sets; ++k) {
      const SparseData data(Vector::Constant(s.features, s.density), s.samples,
                            static_cast<std::uint64_t>(k + 1));
      const MeasuredMoment measured = measure(second_moment(data, 1), law);
      noise(k) = measured.noise * measured.noise;
      distance(k) = measured.distance * measured.distance;
      EXPECT_LE(measured.spectral_noise, law.noise_bound / (s.density / 3.0));
      EXPECT_LE(measured.spectral_distance, law.distance_bound);
      EXPECT_LE(measured.spectral_noise,
                measured.noise * std::sqrt(static_cast<double>(s.features)) * (1.0 + 1e-12));
      EXPECT_NEAR(measured.eigenvalues.sum(), measured.eigenvalues.cwiseAbs().sum(), 1e-12);
    }
    const auto expect_mean = [&](const Vector& values, double root) {
      const double mean = values.mean();
      const double error = std::sqrt((values.array() - mean).square().mean() / sets);
      EXPECT_NEAR(mean, root * root, 4.0 * error) << s.features << " features";
      EXPECT_LT(error, 0.1 * mean);
    };
    expect_mean(noise, law.noise);
    expect_mean(distance, law.distance);
  }
}

// Leaving out points with many active features is what makes the bound useful.
TEST(MomentLaw, TheBoundIsOfTheOrderOfTheNoise) {
  const MomentLaw law = moment_law(100, 0.02, 1'000'000);
  EXPECT_LT(law.most_active, 20);
  const MeasuredMoment measured =
      measure(second_moment(SparseData(Vector::Constant(100, 0.02), 1'000'000, 1)), law);
  EXPECT_LT(law.noise_bound / (0.02 / 3.0), 5.0 * measured.spectral_noise);
}

TEST(MomentLaw, TheBoundTightensWithMoreSamplesAndLooserConfidence) {
  const double wide = moment_law(50, 0.05, 1000, 0.99).noise_bound;
  EXPECT_LT(moment_law(50, 0.05, 1000, 0.9).noise_bound, wide);
  EXPECT_LT(moment_law(50, 0.05, 100'000, 0.99).noise_bound, 0.2 * wide);
}

TEST(MomentLaw, RefusesBadInput) {
  EXPECT_THROW(moment_law(0, 0.1, 10), std::invalid_argument);
  EXPECT_THROW(moment_law(2, 0.0, 10), std::invalid_argument);
  EXPECT_THROW(moment_law(2, 1.1, 10), std::invalid_argument);
  EXPECT_THROW(moment_law(2, 0.1, 0), std::invalid_argument);
  EXPECT_THROW(moment_law(2, 0.1, 10, 1.0), std::invalid_argument);
  EXPECT_THROW(measure(Matrix::Identity(3, 3), moment_law(2, 0.1, 10)), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::linear
