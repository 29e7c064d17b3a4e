#include "skeleta/training/spectrum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <stdexcept>

#include "skeleta/exact/closed_loss.h"
#include "skeleta/optimize/lbfgs.h"
#include "skeleta/training/objectives.h"
#include "skeleta/training/parameters.h"
#include "support.h"

namespace skeleta::training {
namespace {

// One active feature, d = 2 (Chen et al., arXiv 2310.06301): k columns at the corners of a regular
// polygon, the others 0 with the threshold `other`, at the minimum of the loss L_1 nearby.
Autoencoder polygon(Index corners, Index features, double other) {
  Autoencoder model{Matrix::Zero(2, features), Vector::Constant(features, other)};
  const double angle = 2.0 * std::numbers::pi / static_cast<double>(corners);
  for (Index k = 0; k < corners; ++k) {
    const double at = angle * static_cast<double>(k);
    model.W.col(k) << 1.2 * std::cos(at), 1.2 * std::sin(at);
    model.b(k) = 0.3;
  }
  if (corners == 4) {
    model.W /= 1.2;
    model.b.setZero();
    return model;
  }
  auto loss = SparseObjective::one_sparse(Features::uniform(features, 0.1), 2);
  Vector x = to_parameters(model);
  optimize::LbfgsOptions options;
  options.gradient_tolerance = 1e-12;
  options.first_step = 0.01;
  optimize::Lbfgs(options).minimize(loss, x);
  from_parameters(x, model);
  return model;
}

Spectrum one_sparse(const Autoencoder& model) {
  SpectrumOptions options;
  options.objective = ObjectiveKind::one_sparse;
  return spectrum(model, Features::uniform(model.features(), 0.1), options);
}

// The curvature there is 4 p (m E x − E x²), m the constant answer's .05; the gradient vanishes as
// well as that of a minimum.
TEST(Spectrum, TellsTheSaddleAtNoWeights) {
  for (const double scale : {1e-9, 1e-6, 1e-5}) {
    const Autoencoder model{Matrix{{scale, 3.0 * scale}}, Vector::Constant(2, -0.05)};
    const Spectrum found = spectrum(model, Features::uniform(2, 0.1));
    EXPECT_EQ(found.landscape, Landscape::saddle) << scale << found.reason;
    EXPECT_EQ(found.negative, 2);
    EXPECT_NEAR(found.eigenvalues(0), -0.12333, 1e-4);
  }
}

// Where the gradient does not vanish nothing is said of features that work.
TEST(Spectrum, DropsNothingOnASlope) {
  const Autoencoder model{Matrix{{0.8, 0.6}}, Vector{{0.1, -0.05}}};
  Features features = Features::uniform(2, 0.1);
  features.density(1) = 0.3;
  features.importance(1) = 0.7;
  const Spectrum found = spectrum(model, features);
  EXPECT_EQ(found.landscape, Landscape::slope);
  EXPECT_EQ(found.rank, 4);
  EXPECT_EQ(found.negative, 1);
  EXPECT_EQ(found.dropped, 0);
}

// λ = 7, 8.5, 10, 11.5 for c = k: all parameters but a rotation, 3k − 1 of them, count.
TEST(Spectrum, OfPolygonsHasTheLearningCoefficientsOfTheLiterature) {
  for (const auto& [corners, coefficient] :
       {std::pair{5, 7.0}, std::pair{6, 8.5}, std::pair{7, 10.0}, std::pair{8, 11.5}}) {
    const Spectrum found = one_sparse(polygon(corners, corners, 0.0));
    EXPECT_EQ(found.landscape, Landscape::minimum) << corners << ": " << found.reason;
    EXPECT_EQ(found.learning_coefficient, coefficient) << corners;
    EXPECT_EQ(found.rank, 3 * corners - 1);
    EXPECT_EQ(found.zeros, 1);
    EXPECT_EQ(found.orbit_dimension, 1);
    EXPECT_EQ(found.unexplained, 0);
    EXPECT_LT(std::abs(found.eigenvalues(0)), 1e-10);
    EXPECT_GT(found.eigenvalues(1), 1e-4);
  }
}

// 5⁺, c = 6: the sixth output answers the constant 1/12, and no direction but the rotation is flat.
TEST(Spectrum, OfThePentagonWithAConstantOutput) {
  const Autoencoder model = polygon(5, 6, -0.1);
  EXPECT_NEAR(model.b(5), -1.0 / 12.0, 1e-9);
  const Spectrum found = one_sparse(model);
  EXPECT_EQ(found.learning_coefficient, 8.5) << found.reason;
  EXPECT_EQ(found.zeros, 1);
}

// 5, c = 6: the sixth output never fires; its weights and threshold do nothing.
TEST(Spectrum, ExplainsDroppedFeatures) {
  const Autoencoder model = polygon(5, 6, 0.5);
  EXPECT_EQ(model.b(5), 0.5);
  const Spectrum found = one_sparse(model);
  EXPECT_EQ(found.learning_coefficient, 7.0) << found.reason;
  EXPECT_EQ(found.orbit_dimension, 1);
  EXPECT_EQ(found.dropped, 3);
  EXPECT_EQ(found.unexplained, 0);
  // Energies of the pentagon and the hexagon: ΔL = −.02055.
  const Spectrum hexagon = one_sparse(polygon(6, 6, 0.0));
  EXPECT_NEAR(hexagon.value - found.value, -0.02055, 5e-6);
}

// Output 1 fires always, and is as good as unimportant: flat to second order, and no minimum: with
// w_1 = .9, b_1 = 0 the loss is 26 times less.
TEST(Spectrum, CallsNothingDroppedThatFires) {
  const Autoencoder model{Matrix{{1.0, 0.0}, {0.0, 0.0}}, Vector{{0.0, -0.05}}};
  const Features features{Vector{{1.0, 0.1}}, Vector{{1.0, 1e-8}}};
  const Spectrum found = spectrum(model, features);
  EXPECT_EQ(found.landscape, Landscape::degenerate) << found.reason;
  EXPECT_EQ(found.dropped, 0);
  EXPECT_TRUE(std::isnan(found.learning_coefficient));
}

// L_1 of equal features does not know how dense they are.
TEST(Spectrum, KnowsTheScaleOfTheOneSparseLoss) {
  Autoencoder model{Matrix(2, 5), Vector::Constant(5, 0.1)};
  for (Index k = 0; k < 5; ++k) {
    const double angle = 0.4 * std::numbers::pi * static_cast<double>(k);
    model.W.col(k) << 1.05 * std::cos(angle), 1.05 * std::sin(angle);
  }
  SpectrumOptions options;
  options.objective = ObjectiveKind::one_sparse;
  for (const double density : {0.05, 0.9}) {
    const Spectrum found = spectrum(model, Features::uniform(5, density), options);
    EXPECT_EQ(found.landscape, Landscape::slope) << density << found.reason;
    EXPECT_NEAR(found.gradient_norm, 0.125, 1e-3);
  }
  EXPECT_THROW(spectrum(model, Features::uniform(5, 1.0), options), std::invalid_argument);
}

// Its square is no number of double.
TEST(Spectrum, SeesSlopesOfTheSmallestLosses) {
  const Autoencoder model{Matrix{{1.05, -0.98}}, Vector{{-0.05, -0.04}}};
  EXPECT_EQ(spectrum(model, Features::uniform(2, 0.1, 1e-200)).landscape, Landscape::slope);
}

TEST(Spectrum, RefusesSquares) {
  const Spectrum found = one_sparse(polygon(4, 4, 0.0));
  EXPECT_EQ(found.landscape, Landscape::kink);
  EXPECT_TRUE(std::isnan(found.learning_coefficient));
  EXPECT_EQ(found.kinks.size(), 4u);
  EXPECT_NE(found.reason.find("not twice differentiable: output 0"), std::string::npos)
      << found.reason;
}

// n ΔL = Δλ log n + Δc. Without a constant the pentagon gives way to the hexagon at 445; the 601 of
// Chen et al. is Δc = Δλ log 2π, which is free energies n L + λ log 2πn.
TEST(Spectrum, KnowsWhereFreeEnergiesCross) {
  const double published = 1.5 * std::log(2.0 * std::numbers::pi);
  EXPECT_EQ(std::floor(free_energy_crossing(0.02055, 1.5, published)), 601.0);
  const double n = free_energy_crossing(0.02055, 1.5);
  EXPECT_NEAR(n, 445.1, 0.1);
  EXPECT_NEAR(n * 0.02055, 1.5 * std::log(n), 1e-9);
  EXPECT_GT(n, 1.5 / 0.02055);  // the larger of the two
  EXPECT_EQ(free_energy_crossing(1.0, -1.0), 1.0);
  EXPECT_TRUE(std::isnan(free_energy_crossing(0.0, 1.0)));
}

// The whole loss: the pentagon of D = 5, S = .95 is a minimum of rank 3·5 − 1; W = 0 with small
// thresholds below 0 is none, and a point on the way is a slope.
TEST(Spectrum, OfTheWholeLoss) {
  const Features features = Features::uniform(5, 0.05);
  Options training;
  training.starts = 6;
  training.gradient_tolerance = 1e-9;
  const Training found = train(features, 2, training);
  SpectrumOptions options;
  const Spectrum best = spectrum(found.best()->model, features, options);
  EXPECT_EQ(best.landscape, Landscape::minimum) << best.reason;
  EXPECT_EQ(best.rank, 14);
  EXPECT_EQ(best.learning_coefficient, 7.0);
  Autoencoder zero{Matrix::Zero(2, 5), Vector::Constant(5, -0.024)};
  EXPECT_EQ(spectrum(zero, features, options).landscape, Landscape::slope);
  // Where all outputs are constants the best threshold is −E x = −p/2.
  zero.b.setConstant(-0.025);
  const Spectrum constant = spectrum(zero, features, options);
  EXPECT_EQ(constant.landscape, Landscape::saddle) << constant.reason;
  EXPECT_GT(constant.negative, 0);
  EXPECT_EQ(constant.downhill.size(), 15);
}

// Pairs at right angles but for 1e-8, where training ends: entries of A that are tiny. Flat are the
// rotations alone, and the pairs' own spectrum, that of two features in one dimension, is there d
// times; from the rest of the loss of each pair p² is what another pair makes of it.
TEST(Spectrum, OfAntipodalPairs) {
  Options training;
  training.starts = 6;
  training.gradient_tolerance = 1e-8;
  const double pair = train(Features::uniform(2, 0.1), 1, training).best()->loss.value;
  for (const Index d : {2, 3, 4}) {
    const Features features = Features::uniform(2 * d, 0.1);
    const Training found = train(features, d, training);
    ASSERT_NEAR(found.best()->loss.value, pair * static_cast<double>(d), 1e-10);
    const Spectrum spectrum = training::spectrum(found.best()->model, features);
    EXPECT_EQ(spectrum.landscape, Landscape::minimum) << d << ": " << spectrum.reason;
    EXPECT_EQ(spectrum.orbit_dimension, d * (d - 1) / 2);
    EXPECT_EQ(spectrum.unexplained, 0);
    EXPECT_EQ(spectrum.rank, 2 * d * (d + 1) - d * (d - 1) / 2);
    EXPECT_GT(spectrum.eigenvalues(spectrum.zeros), 0.1);
  }
}

// A mean with its standard error, from batches.
struct Estimate {
  double mean, error;
};

// λ ≈ n E[f − f(x*)] under exp(−n f − γ|x − x*|²/2) (Watanabe; Lau et al., arXiv 2308.12108): by
// Langevin steps of variance `step`/n with Metropolis' test, so that their length adds no error. γ
// keeps what is flat and not compact nearby.
Estimate sampled_coefficient(optimize::Objective f, const Vector& minimum, double n, double confine,
                             double step, int steps) {
  constexpr int batches = 20;
  std::mt19937_64 random(7);
  std::normal_distribution<> normal;
  std::uniform_real_distribution<> uniform;
  Vector x = minimum, y, slope(x.size()), slope_there(x.size()), noise(x.size());
  const auto energy = [&](const Vector& at, Vector& force) {
    const double value = n * f(at, force) + 0.5 * confine * (at - minimum).squaredNorm();
    force = -n * force - confine * (at - minimum);
    return value;
  };
  const double variance = step / n, least = n * f(minimum, slope);
  double here = energy(x, slope);
  Vector means = Vector::Zero(batches);
  for (int batch = -2; batch < batches; ++batch) {  // two to forget the start
    for (int k = 0; k < steps / batches; ++k) {
      for (double& z : noise) z = normal(random);
      y = x + 0.5 * variance * slope + std::sqrt(variance) * noise;
      const double there = energy(y, slope_there);
      const Vector back = x - y - 0.5 * variance * slope_there;
      const double accepted =
          here - there + 0.5 * (noise.squaredNorm() - back.squaredNorm() / variance);
      if (std::log(uniform(random)) < accepted) {
        x.swap(y);
        slope.swap(slope_there);
        here = there;
      }
      if (batch < 0) continue;
      means(batch) += here - 0.5 * confine * (x - minimum).squaredNorm() - least;
    }
  }
  means *= static_cast<double>(batches) / steps;
  const double mean = means.mean();
  const double spread = (means.array() - mean).square().sum() / (batches - 1);
  return {mean, std::sqrt(spread / batches)};
}

// Rule: within four standard errors, which are small enough to tell λ from λ ± 1/2.
void expect_agreement(const Estimate& sampled, double coefficient) {
  EXPECT_LT(4.0 * sampled.error, 0.5);
  EXPECT_NEAR(sampled.mean, coefficient, 4.0 * sampled.error);
}

TEST(Spectrum, HasTheLearningCoefficientThatSamplingSees) {
  const int steps = testing::scaled(400'000, 200'000);
  const Features pair = Features::uniform(2, 0.1);
  Options training;
  training.starts = 4;
  training.gradient_tolerance = 1e-9;
  const Autoencoder regular = train(pair, 1, training).best()->model;
  exact::ClosedLoss whole(pair);
  const auto loss = [&](const Vector& x, Vector& gradient) { return whole(x, gradient); };
  const Spectrum found = spectrum(regular, pair);
  EXPECT_EQ(found.learning_coefficient, 2.0) << found.reason;
  expect_agreement(sampled_coefficient(loss, to_parameters(regular), 1e6, 0.0, 0.5, steps / 4),
                   2.0);
  // A pentagon, and one beside a feature that is dropped: flat are a rotation and the idle three.
  for (const Index features : {5, 6}) {
    const Autoencoder model = polygon(5, features, 0.5);
    auto one = SparseObjective::one_sparse(Features::uniform(features, 0.1), 2);
    const double coefficient = one_sparse(model).learning_coefficient;
    EXPECT_EQ(coefficient, 7.0);
    expect_agreement(sampled_coefficient(one, to_parameters(model), 1e8, 100.0, 1.0, steps),
                     coefficient);
  }
}

TEST(Spectrum, HasThePenalty) {
  std::mt19937_64 random(3);
  const Autoencoder model = testing::random_model(4, 2, random);
  const Penalty penalty{0.3, 0.1};
  const auto gradient_at = [&](const Vector& x) {
    Autoencoder at = model;
    from_parameters(x, at);
    Vector gradient = Vector::Zero(x.size());
    add_penalty(penalty, at, gradient);
    return gradient;
  };
  const Vector x = to_parameters(model);
  Matrix whole = Matrix::Zero(x.size(), x.size());
  add_penalty_hessian(penalty, model, whole);
  for (Index k = 0; k < x.size(); ++k) {
    Vector unit = Vector::Zero(x.size()), product = unit;
    unit(k) = 1.0;
    add_penalty_times(penalty, model, unit, product);
    EXPECT_LT((product - whole.col(k)).norm(), 1e-14 * (1.0 + product.norm()));
    const Vector expected = (gradient_at(x + 1e-5 * unit) - gradient_at(x - 1e-5 * unit)) / 2e-5;
    EXPECT_LT((product - expected).norm(), 1e-7 * (1.0 + expected.norm())) << k;
  }
}

}  // namespace
}  // namespace skeleta::training
