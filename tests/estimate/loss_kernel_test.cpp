#include "skeleta/estimate/loss_kernel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "support.h"

namespace skeleta::estimate {
namespace {

// Some points of Q_l, and the dense loss of each by definition.
struct Sample {
  SparseBatch batch;
  std::vector<double> expected;
};

Sample sample(const Autoencoder& model, const Features& features, std::size_t l,
              std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform;
  std::vector<std::int32_t> order(static_cast<std::size_t>(model.features()));
  std::iota(order.begin(), order.end(), 0);
  Sample result;
  result.batch.reset(l, 37);  // more than a register holds, and some left over
  for (std::size_t i = 0; i < result.batch.size(); ++i) {
    std::shuffle(order.begin(), order.end(), random);
    const auto active = result.batch.active(i);
    const auto value = result.batch.value(i);
    Vector x = Vector::Zero(model.features());
    for (std::size_t k = 0; k < active.size(); ++k) {
      active[k] = order[k];
      value[k] = uniform(random);
      x(order[k]) = value[k];
    }
    result.expected.push_back(pointwise_loss(model, features.importance, x));
  }
  return result;
}

class LossKernel : public ::testing::TestWithParam<KernelPath> {};

TEST_P(LossKernel, EqualsTheDenseDefinition) {
  std::mt19937_64 random(7);
  for (const Index count : {1, 2, 5, 8, 31, 64, 133, 200}) {
    const Autoencoder model = testing::random_model(count, std::min<Index>(count, 6), random);
    Features features = testing::random_features(count, 0.5, random);
    features.importance(0) = 0.0;
    const BatchIntegrand loss = loss_integrand(model, features, GetParam())();
    for (std::size_t l = 0; l <= static_cast<std::size_t>(count); l += l < 20 ? 1 : 7) {
      const Sample points = sample(model, features, l, random);
      std::vector<double> values(points.batch.size());
      loss(points.batch, values);
      for (std::size_t i = 0; i < values.size(); ++i) {
        EXPECT_NEAR(values[i], points.expected[i], 1e-12 * (1.0 + points.expected[i]))
            << "D = " << count << ", l = " << l;
      }
    }
  }
}

// Float32 against float64 on the same points. Stated in the header: each loss within 1e-6 (1 + r),
// which is some roundings 2^-24 of terms of size 1; the mean within 1e-7 of itself.
TEST_P(LossKernel, Float32StaysWithinItsStatedTolerance) {
  std::mt19937_64 random(11);
  for (const Index count : {2, 8, 80, 300}) {
    const Autoencoder model = testing::random_model(count, std::min<Index>(count, 6), random);
    const Features features = testing::random_features(count, 0.5, random);
    const BatchIntegrand loss = loss_integrand(model, features, GetParam(), Precision::float32)();
    double sum = 0.0, difference = 0.0, largest = 0.0;
    for (int repeat = 0; repeat < 30; ++repeat) {
      for (std::size_t l = 0; l <= std::min<std::size_t>(static_cast<std::size_t>(count), 12);
           ++l) {
        const Sample points = sample(model, features, l, random);
        std::vector<double> values(points.batch.size());
        loss(points.batch, values);
        for (std::size_t i = 0; i < values.size(); ++i) {
          const double error = values[i] - points.expected[i];
          EXPECT_NEAR(error, 0.0, 1e-6 * (1.0 + points.expected[i])) << count << " " << l;
          sum += points.expected[i];
          difference += error;
          largest = std::max(largest, std::abs(error) / (1.0 + points.expected[i]));
        }
      }
    }
    EXPECT_LT(std::abs(difference) / sum, 1e-7) << "D = " << count;
    EXPECT_GT(largest, 1e-9) << "not float32";
  }
}

// E_ε of the loss by definition, each output's noise by a midpoint rule of its own.
double noisy_loss(const Autoencoder& model, const Vector& importance, const Vector& x) {
  Autoencoder sharp = model;
  sharp.noise = 0.0;
  constexpr int points = 20'000;
  double sum = 0.0;
  for (Index i = 0; i < model.features(); ++i) {
    const Vector row = model.tied() ? Vector(model.W.col(i)) : Vector(model.W_out.row(i));
    const double z = row.dot(model.W * x) - model.b(i), deviation = model.noise * row.norm();
    double mean = 0.0, mass = 0.0;
    for (int k = 0; k < points; ++k) {
      const double t = -9.0 + 18.0 * (k + 0.5) / points, weight = std::exp(-t * t / 2);
      const double noisy = z + deviation * t;
      double y = noisy;
      if (model.activation == Activation::relu) y = std::max(noisy, 0.0);
      if (model.activation == Activation::jumprelu) y = noisy > model.jump(i) ? noisy : 0.0;
      mean += weight * (x(i) - y) * (x(i) - y);
      mass += weight;
    }
    sum += importance(i) * mean / mass;
  }
  return sum;
}

// Rule: 1e-12 (1 + r) against the dense definition, 1e-5 (1 + r) in float32; with noise 1e-3 of
// both, which the reference allows where the output jumps.
TEST_P(LossKernel, KnowsEveryModelAndInputsOfAnySign) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  int kinds = 0;
  for (const Index count : {3, 9, 140}) {
    for (const bool tied : {true, false}) {
      for (const Activation activation :
           {Activation::relu, Activation::identity, Activation::jumprelu}) {
        for (const double noise : {0.0, 0.3}) {
          if (noise > 0.0 && count > 9) continue;
          Autoencoder model = testing::random_model(count, 2, random);
          if (!tied) {
            model.W_out.resize(count, 2);
            for (double& w : model.W_out.reshaped()) w = normal(random);
            model.W_out.row(0).setZero();
          }
          model.activation = activation;
          if (activation == Activation::jumprelu) model.jump = Vector::LinSpaced(count, 0.0, 0.8);
          model.noise = noise;
          Features features = testing::random_features(count, 0.5, random);
          for (const bool negative : {false, true}) {
            if (negative) {
              features =
                  Features::of(DataLaw::independent(features.density, ValueLaw::normal(0, 1)),
                               features.importance);
            }
            const BatchIntegrand loss = loss_integrand(model, features, GetParam())();
            const BatchIntegrand single =
                loss_integrand(model, features, GetParam(), Precision::float32)();
            for (const std::size_t l : {0, 1, 3}) {
              Sample points = sample(model, features, l, random);
              if (negative) {
                for (double& x : points.batch.value()) x = 2.0 * x - 1.2;
              }
              std::vector<double> values(points.batch.size()), less_precise = values;
              loss(points.batch, values);
              single(points.batch, less_precise);
              for (std::size_t i = 0; i < (noise > 0.0 ? 2 : values.size()); ++i) {
                Vector x = Vector::Zero(count);
                for (std::size_t k = 0; k < l; ++k) {
                  x(points.batch[i].active[k]) = points.batch[i].value[k];
                }
                const double expected = noise > 0.0 ? noisy_loss(model, features.importance, x)
                                                    : pointwise_loss(model, features.importance, x);
                const double tolerance = noise > 0.0 ? 1e-3 : 1e-12;
                EXPECT_NEAR(values[i], expected, tolerance * (1.0 + expected))
                    << count << (tied ? " tied " : " untied ") << to_string(activation) << " noise "
                    << noise << (negative ? " any sign" : "") << ", l = " << l;
                EXPECT_NEAR(less_precise[i], values[i], 1e-5 * (1.0 + expected));
              }
              ++kinds;
            }
          }
        }
      }
    }
  }
  EXPECT_EQ(kinds, 2 * 3 * 2 * 3 * (2 + 2 + 1));
}

// Untied weights that are tied ones: the same numbers, in the loops of tied models.
TEST_P(LossKernel, UntiedWeightsThatAreTiedHaveTheSameLoss) {
  std::mt19937_64 random(5);
  const Autoencoder tied = testing::random_model(33, 4, random);
  Autoencoder untied = tied;
  untied.W_out = tied.W.transpose();
  const Features features = testing::random_features(33, 0.3, random);
  const Sample points = sample(tied, features, 3, random);
  std::vector<double> a(points.batch.size()), b = a;
  loss_integrand(tied, features, GetParam())()(points.batch, a);
  loss_integrand(untied, features, GetParam())()(points.batch, b);
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-14 * a[i]);
}

// No noise is the limit of little noise, also where an output has none.
TEST_P(LossKernel, LittleNoiseIsNone) {
  std::mt19937_64 random(6);
  Autoencoder model = testing::random_model(20, 3, random);
  const Features features = testing::random_features(20, 0.3, random);
  const Sample points = sample(model, features, 4, random);
  model.noise = 1e-9;
  std::vector<double> values(points.batch.size());
  loss_integrand(model, features, GetParam())()(points.batch, values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(values[i], points.expected[i], 1e-7 * (1.0 + points.expected[i]));
  }
}

INSTANTIATE_TEST_SUITE_P(Paths, LossKernel, ::testing::Values(KernelPath::gram, KernelPath::hidden),
                         [](const auto& info) { return to_string(info.param); });

TEST(KernelPath, GoesThroughTheHiddenLayerAboveTwoThousandFeatures) {
  const auto path = [](Index count, Index hidden, double density) {
    const Autoencoder model{Matrix::Zero(hidden, count), Vector::Zero(count)};
    return kernel_path(model, Features::uniform(count, density));
  };
  EXPECT_EQ(path(2000, 50, 0.001), KernelPath::gram);
  EXPECT_EQ(path(2001, 50, 0.001), KernelPath::hidden);
  EXPECT_EQ(path(2000, 10, 0.5), KernelPath::hidden);  // 1000 columns of 2000 rows a point
  EXPECT_EQ(path(5, 2, 0.9), KernelPath::gram);
}

}  // namespace
}  // namespace skeleta::estimate
