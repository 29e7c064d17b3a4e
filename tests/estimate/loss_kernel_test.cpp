#include "skeleta/estimate/loss_kernel.h"

#include <gtest/gtest.h>

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
