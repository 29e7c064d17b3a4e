#include "skeleta/linear/moment_law.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <utility>
#include <vector>

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

struct LawSetting {
  const char* name;
  Features features;
  std::uint64_t samples;
};

std::vector<LawSetting> law_settings() {
  const auto values = [](std::initializer_list<ValueLaw> laws) {
    return std::vector<ValueLaw>(laws);
  };
  const auto of = [](ActivityNodes nodes, std::vector<ValueLaw> laws) {
    const auto count = static_cast<Index>(laws.size());
    return Features::of({ActivityTree(std::move(nodes)), std::move(laws)}, Vector::Ones(count));
  };
  using namespace activity;
  const ValueLaw half = ValueLaw::half_normal(1.0), unit;
  return {
      {"half-normal",
       Features::of(DataLaw::independent(Vector::Constant(6, 0.2), half), Vector::Ones(6)), 400},
      {"exclusive and together",
       of(join({exclusive({feature(0, 0.3), feature(1, 0.4)}),
                together(std::array<Index, 2>{2, 3}, 0.3)}),
          values({ValueLaw::constant(2.0), ValueLaw::uniform(-1.0, 1.0), unit, unit})),
       500},
      {"family of normal and exponential values",
       of(parent(0, 0.4, {feature(1, 0.5), feature(2, 0.3)}),
          values({ValueLaw::normal(0.5, 1.0), ValueLaw::exponential(0.7), half})),
       500},
      {"unequal densities", {Vector{{0.1, 0.5, 0.0, 1.0}}, Vector::Ones(4)}, 300}};
}

// As for plain features; the bounds are met by all sets.
TEST(MomentLaw, OfOtherLawsAgreesWithDataSets) {
  for (const LawSetting& s : law_settings()) {
    SCOPED_TRACE(s.name);
    const MomentLaw law = moment_law(s.features, s.samples);
    const Matrix expected = expected_moment(s.features);
    constexpr int sets = 600;
    Vector noise(sets), distance(sets);
    Matrix squares = Matrix::Zero(expected.rows(), expected.cols());
    for (int k = 0; k < sets; ++k) {
      const SparseData data(s.features, s.samples, static_cast<std::uint64_t>(k + 1));
      const Matrix Sigma = second_moment(data, 1);
      const MeasuredMoment measured = measure(Sigma, law, expected);
      noise(k) = measured.noise * measured.noise;
      distance(k) = measured.distance * measured.distance;
      squares += (Sigma / static_cast<double>(s.samples) - expected).cwiseAbs2() / sets;
      EXPECT_LE(measured.spectral_noise, law.noise_bound / law.mean_square);
      EXPECT_LE(measured.spectral_distance, law.distance_bound);
    }
    const auto expect_mean = [&](const Vector& values, double root) {
      const double mean = values.mean();
      const double error = std::sqrt((values.array() - mean).square().mean() / sets);
      EXPECT_NEAR(mean, root * root, 4.0 * error);
      EXPECT_LT(error, 0.1 * mean);
    };
    expect_mean(noise, law.noise);
    expect_mean(distance, law.distance);
    const double diagonal = std::sqrt(squares.diagonal().mean()) / law.mean_square;
    EXPECT_NEAR(diagonal, law.diagonal_spread, 0.1 * diagonal);
    EXPECT_LT(law.noise_bound / law.mean_square, 30.0 * law.noise);
  }
}

// x ∈ {0, 2}·{exclusive} × {0, 1}·{together}: four points, by hand.
TEST(MomentLaw, OfConstantsIsASumOverPatterns) {
  using namespace activity;
  const double a = 0.3, b = 0.4, p = 0.25;
  const auto nodes =
      join({exclusive({feature(0, a), feature(1, b)}), together(std::array<Index, 2>{2, 3}, p)});
  const DataLaw data{ActivityTree(nodes),
                     {ValueLaw::constant(2.0), ValueLaw::constant(-1.0), ValueLaw::constant(1.0),
                      ValueLaw::constant(3.0)}};
  Matrix M = Matrix::Zero(4, 4), fourth = M;
  for (const auto& [first, probability] :
       {std::pair{Vector{{2.0, 0.0}}, a}, std::pair{Vector{{0.0, -1.0}}, b},
        std::pair{Vector{{0.0, 0.0}}, 1.0 - a - b}}) {
    for (const bool on : {false, true}) {
      Vector x(4);
      x << first, (on ? 1.0 : 0.0), (on ? 3.0 : 0.0);
      const Matrix square = x * x.transpose();
      M += probability * (on ? p : 1.0 - p) * square;
      fourth += probability * (on ? p : 1.0 - p) * square.cwiseAbs2();
    }
  }
  const Features features = Features::of(data, Vector::Ones(4));
  const MomentLaw law = moment_law(features, 50);
  EXPECT_LT((expected_moment(features) - M).norm(), 1e-15);
  const double s = M.trace() / 4.0;
  EXPECT_NEAR(law.mean_square, s, 1e-15);
  const Matrix variance = (fourth - M.cwiseAbs2()) / 50.0;
  EXPECT_NEAR(law.noise, std::sqrt(variance.sum() / 4.0) / s, 1e-14);
  EXPECT_NEAR(law.diagonal_spread, std::sqrt(variance.trace() / 4.0) / s, 1e-14);
  EXPECT_NEAR(law.off_diagonal_spread, std::sqrt((variance.sum() - variance.trace()) / 12.0) / s,
              1e-14);
  EXPECT_NEAR(law.interaction, (M - s * Matrix::Identity(4, 4)).norm() / 2.0 / s, 1e-14);
  const Vector eigenvalues = symmetric_eigenvalues(M);
  EXPECT_NEAR(law.first_eigenvalue, eigenvalues(3), 1e-14);
  EXPECT_NEAR(law.other_eigenvalue, eigenvalues(0), 1e-14);
}

// Two ways to the same numbers: the second with densities that differ in their ninth digit.
TEST(MomentLaw, OfOtherLawsTendsToTheClosedForms) {
  const MomentLaw closed = moment_law(Features::uniform(30, 0.05), 2000);
  Features features = Features::uniform(30, 0.05);
  features.density(3) += 1e-10;
  const MomentLaw law = moment_law(features, 2000);
  for (double MomentLaw::*member :
       {&MomentLaw::density, &MomentLaw::mean_square, &MomentLaw::first_eigenvalue,
        &MomentLaw::other_eigenvalue, &MomentLaw::diagonal_spread, &MomentLaw::off_diagonal_spread,
        &MomentLaw::noise, &MomentLaw::interaction, &MomentLaw::distance}) {
    EXPECT_NEAR(law.*member, closed.*member, 1e-7 * closed.*member);
  }
  EXPECT_GT(law.noise_bound, closed.noise_bound);
  EXPECT_LT(law.noise_bound, 3.0 * closed.noise_bound);
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
  const Features never{Vector{{0.0, 0.0, 0.0}}, Vector::Ones(3)};
  EXPECT_THROW(moment_law(never, 10), std::invalid_argument);
  EXPECT_THROW(moment_law({Vector{{0.1, 0.2}}, Vector::Ones(2)}, 0), std::invalid_argument);
  EXPECT_THROW(
      moment_law(Features::of(DataLaw::independent(Vector::Ones(2), ValueLaw::constant(0.0)),
                              Vector::Ones(2)),
                 10),
      std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::linear
