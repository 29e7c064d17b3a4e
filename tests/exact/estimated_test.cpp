#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "skeleta/exact/loss.h"

// What estimated control promises: not a bound, but rarely exceeded, and then not by much.
namespace skeleta::exact {
namespace {

Options estimated(double target) {
  Options options;
  options.error_control = ErrorControl::estimated;
  options.relative_target = target;
  return options;
}

// Once 21 times the estimate off: z_5 has an entry of 3.7e-4 that turns no phase before node 500.
TEST(Estimated, SmallEntriesThatTurnPhasesLateAreForeseen) {
  Autoencoder model{Matrix(2, 5), Vector(5)};
  model.W << 0, .42725, 0, -.00036018, -.965891, 0, -.0322603, .000475677, .004577, 4.90041e-05;
  model.b << 0, .373406, 1.16723e-05, -.000302163, 0;
  Features features = Features::uniform(5, 0.0);
  features.density << .325919, .234828, 1, .0381415, .04439;
  features.importance << 3.95892e-06, 3.58044e-07, 9.0288, .170548, 3.50171e+06;
  Options fine;
  fine.relative_target = 2e-10;
  const Loss truth = loss(model, features, fine);
  ASSERT_TRUE(truth.met_target());
  for (const double target : {1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7}) {
    SCOPED_TRACE(target);
    const Loss result = loss(model, features, estimated(target));
    EXPECT_LE(std::abs(result.value - truth.value), result.error_bound + truth.error_bound);
  }
}

// W ≥ 0, b < 0: the ReLU does nothing, and with R = 1 − G, L = Σ v_i [(Σ_j R_ij q_j + b_i)² + Σ_j
// R_ij² m_j], q and m mean and variance of x. P(N = 0) = 1e-114, whose logarithm is 262.
TEST(Estimated, NearlyCertainFeaturesLoseNoDigits) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<> uniform(0.1, 1.0);
  for (const Index count : {5, 12, 19}) {
    SCOPED_TRACE(count);
    Autoencoder model{Matrix(2, count), Vector(count)};
    for (double& w : model.W.reshaped()) w = uniform(random);
    for (double& b : model.b) b = -uniform(random);
    const double p = 0.999999, q = 0.5 * p, m = p / 3.0 - q * q;
    const Matrix residual = Matrix::Identity(count, count) - model.W.transpose() * model.W;
    double expected = 0.0;
    for (Index i = 0; i < count; ++i) {
      const double mean = q * residual.row(i).sum() + model.b(i);
      expected += mean * mean + m * residual.row(i).squaredNorm();
    }
    const Loss result = loss(model, Features::uniform(count, p), estimated(1e-10));
    EXPECT_LE(std::abs(result.value - expected), result.error_bound + 1e-15 * expected);
    EXPECT_NEAR(result.value, expected, 5e-15 * expected);
  }
}

// Random models of many scales; the search that the figures of options.h come from had 60 000.
struct Search {
  std::mt19937_64 random;

  double uniform(double low, double high) {
    return std::uniform_real_distribution<>(low, high)(random);
  }
  double decades(double low, double high) { return std::pow(10.0, uniform(low, high)); }
  Index below(Index n) { return static_cast<Index>(random() % static_cast<std::uint64_t>(n)); }

  Autoencoder model(Index count) {
    Autoencoder result{Matrix(1 + below(3), count), Vector::Zero(count)};
    const Index kind = below(3);
    for (double& w : result.W.reshaped()) {
      w = std::normal_distribution<>()(random) * (kind == 1 ? decades(-5, 0) : 1.0);
    }
    if (kind == 2) {
      for (Index j = 0; j < count; ++j) result.W.col(j) *= decades(-6, 0);
    }
    const Index thresholds = below(3);
    for (double& b : result.b) {
      b = thresholds == 0 ? 0.0 : uniform(-1.0, 1.0) * (thresholds == 1 ? 0.3 : decades(-8, 0));
    }
    return result;
  }
};

TEST(Estimated, IsRarelyExceeded) {
  Search search{std::mt19937_64(11)};
  int evaluations = 0, above = 0;
  double worst = 0.0;
  for (int n = 0; n < 400; ++n) {
    const Index count = 2 + search.below(4);
    const Autoencoder model = search.model(count);
    Features features = Features::uniform(count, search.decades(-3, 0));
    Options fine;
    fine.relative_target = 1e-10;
    const Loss truth = loss(model, features, fine);
    for (const double target : {1e-3, 1e-5, 1e-7}) {
      const Loss result = loss(model, features, estimated(target));
      const double excess = std::abs(result.value - truth.value) - truth.error_bound;
      ++evaluations;
      above += excess > result.error_bound;
      worst = std::max(worst, excess / result.error_bound);
    }
  }
  ASSERT_EQ(evaluations, 1200);
  EXPECT_LE(above, 4);  // 1 in 4000 over the long search
  EXPECT_LE(worst, 4.0);
}

TEST(Estimated, ClaimsNoInterval) {
  const Autoencoder model{Matrix::Ones(1, 2), Vector::Zero(2)};
  const auto result = skeleton_loss(model, Features::uniform(2, 0.3), estimated(1e-6));
  EXPECT_TRUE(std::isnan(result.low) && std::isnan(result.high) && std::isnan(result.confidence));
  EXPECT_GT(result.error_bound, 0.0);
  const auto bound = skeleton_loss(model, Features::uniform(2, 0.3));
  EXPECT_EQ(bound.confidence, 1.0);
  EXPECT_LT(bound.low, bound.high);
}

}  // namespace
}  // namespace skeleta::exact
