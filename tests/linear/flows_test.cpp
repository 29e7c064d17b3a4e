#include "skeleta/linear/flows.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/decompositions.h"
#include "linear/random_moments.h"
#include "skeleta/linear/critical_points.h"

namespace skeleta::linear {
namespace {

using optimize::FlowOptions;
using optimize::FlowStop;

const Vector five{{5.0, 4.0, 3.0, 2.0, 1.0}};
constexpr FlowOptions fine{.absolute_tolerance = 1e-12, .relative_tolerance = 1e-12};
constexpr TiedRule all_rules[] = {TiedRule::encoder, TiedRule::decoder, TiedRule::gradient};

// A d × d rotation, for hidden dimensions without a name.
Matrix random_rotation(Index d, std::mt19937_64& random) {
  return orthogonal_factor(random_matrix(d, d, random));
}

// W whose mode i has the strength s_i, in the eigenbasis, turned in the hidden space.
Matrix aligned(const Spectrum& eigen, const Vector& strengths, std::mt19937_64& random) {
  const Index d = strengths.size();
  return random_rotation(d, random) * strengths.cwiseSqrt().asDiagonal() *
         eigen.eigenvectors.leftCols(d).transpose();
}

double tied_slope(const Matrix& W, const Matrix& Sigma, Index k) {
  constexpr double h = 1e-6;
  Matrix up = W, down = W;
  up.data()[k] += h;
  down.data()[k] -= h;
  return (tied_loss(up, Sigma) - tied_loss(down, Sigma)) / (2 * h);
}

TEST(Flows, UntiedVelocityIsHalfTheNegativeGradient) {
  std::mt19937_64 random(1);
  const Matrix Sigma = random_moment(five, random);
  const LinearAutoencoder model{random_matrix(5, 2, random), random_matrix(2, 5, random)};
  const LinearAutoencoder v = untied_velocity(model, Sigma), g = gradient(model, Sigma);
  EXPECT_LT((v.A + 0.5 * g.A).norm() + (v.B + 0.5 * g.B).norm(), 1e-12);
}

// Σ times 2^k: the same flow to the bit, 2^k times as fast. Any other factor: to the tolerance.
TEST(Flows, KnowNoUnitOfSigma) {
  std::mt19937_64 random(3);
  const Matrix Sigma = random_moment(five, random), start = 0.1 * random_matrix(2, 5, random);
  const std::vector<double> times{0.0, 0.3, 2.0};
  const auto end_of = [&](double c) {
    std::vector<double> faster = times;
    for (double& t : faster) t /= c;
    LinearAutoencoder model{start.transpose(), start};
    std::vector<double> shown;
    const auto summary =
        untied_flow(model, c * Sigma, faster, fine, [&](double t, const LinearAutoencoder&) {
          shown.push_back(t);
          return true;
        });
    EXPECT_EQ(summary.stop_reason, FlowStop::end) << c;
    EXPECT_EQ(shown, faster);
    EXPECT_EQ(summary.time, faster.back());
    Matrix W = start;
    EXPECT_EQ(tied_flow(TiedRule::gradient, W, c * Sigma, faster, fine).stop_reason, FlowStop::end);
    return std::pair(model.A, W);
  };
  const auto [A, W] = end_of(1.0);
  for (const int k : {-900, -33, 33, 900}) {
    const auto [scaled_A, scaled_W] = end_of(std::ldexp(1.0, k));
    EXPECT_EQ(scaled_A, A) << k;
    EXPECT_EQ(scaled_W, W) << k;
  }
  for (const double c : {1e-300, 1e-10, 1e-3, 1e3, 1e10, 1e300}) {
    const auto [scaled_A, scaled_W] = end_of(c);
    EXPECT_LT((scaled_A - A).norm() + (scaled_W - W).norm(), 1e-9) << c;
  }
}

// The correction to (22): only the sum of both rules is the gradient of the tied loss.
TEST(Flows, OnlyTheSumOfTheTiedRulesIsAGradient) {
  std::mt19937_64 random(2);
  const Matrix Sigma = random_moment(five, random), W = random_matrix(2, 5, random);
  const Matrix v = tied_velocity(TiedRule::gradient, W, Sigma);
  for (Index k = 0; k < W.size(); ++k) {
    EXPECT_NEAR(v.data()[k], -0.5 * tied_slope(W, Sigma, k), 1e-7);
  }
  EXPECT_GT((v - 2.0 * tied_velocity(TiedRule::encoder, W, Sigma)).norm(), 1.0);
  EXPECT_GT((v - 2.0 * tied_velocity(TiedRule::decoder, W, Sigma)).norm(), 1.0);
}

// Saxe, McClelland & Ganguli's closed form, for every mode at every time.
TEST(Flows, FollowTheLogisticCurveFromAlignedStarts) {
  std::mt19937_64 random(3);
  const Matrix Sigma = random_moment(five, random);
  const Spectrum eigen = spectrum(Sigma);
  const Vector start{{1e-4, 0.02, 0.3}};
  std::vector<double> times(41);
  for (std::size_t k = 0; k < times.size(); ++k) times[k] = 0.05 * static_cast<double>(k);
  const auto check = [&](const LinearAutoencoder& model, double t, double speed) {
    const Vector strength = mode_strengths(model, eigen);
    for (Index i = 0; i < 3; ++i) {
      EXPECT_NEAR(strength(i), mode_strength(start(i), speed * five(i), t), 1e-8) << t;
    }
    EXPECT_LT(strength.tail(2).norm(), 1e-12);
  };
  const Matrix W0 = aligned(eigen, start, random);
  for (const TiedRule rule : all_rules) {
    Matrix W = W0;
    const auto summary = tied_flow(rule, W, Sigma, times, {}, [&](double t, const Matrix& at) {
      check({at.transpose(), at}, t, rule == TiedRule::gradient ? 2.0 : 1.0);
      return true;
    });
    EXPECT_EQ(summary.stop_reason, FlowStop::end);
  }
  LinearAutoencoder model{W0.transpose(), W0};
  untied_flow(model, Sigma, times, {}, [&](double t, const LinearAutoencoder& at) {
    check(at, t, 1.0);
    return true;
  });
}

TEST(Flows, TheUntiedFlowConservesTheImbalanceAndReachesTheMinimum) {
  std::mt19937_64 random(4);
  const Matrix Sigma = random_moment(five, random);
  LinearAutoencoder model{random_matrix(5, 2, random), random_matrix(2, 5, random)};
  const Matrix before = imbalance(model);
  double last = INFINITY;
  untied_flow(model, Sigma, {0.0, 0.1, 1.0, 10.0, 40.0, 400.0}, fine,
              [&](double, const LinearAutoencoder& at) {
                EXPECT_LT((imbalance(at) - before).norm(), 1e-9);
                EXPECT_LE(loss(at, Sigma), last);
                last = loss(at, Sigma);
                return true;
              });
  EXPECT_GT(before.norm(), 0.5);
  EXPECT_NEAR(last, 3.0 + 2.0 + 1.0, 1e-9);
}

// The correction to the remark that (20), (21) keep A = Bᵀ: they don't.
TEST(Flows, TheUntiedFlowLeavesTiedWeights) {
  std::mt19937_64 random(5);
  const Matrix Sigma = random_moment(five, random), W = random_matrix(2, 5, random);
  const LinearAutoencoder v = untied_velocity({W.transpose(), W}, Sigma);
  EXPECT_GT((v.A.transpose() - v.B).norm(), 1.0);
}

TEST(Flows, TheEncoderRuleStopsAtAnyProjectionTheOthersAtTheMinimum) {
  std::mt19937_64 random(6);
  const Matrix Sigma = random_moment(Vector{{3.0, 2.0, 1.0, 0.8}}, random);
  for (int run = 0; run < 3; ++run) {
    const Matrix W0 = 0.5 * random_matrix(2, 4, random);
    for (const TiedRule rule : all_rules) {
      Matrix W = W0;
      tied_flow(rule, W, Sigma, {0.0, 200.0}, {});
      if (rule == TiedRule::encoder) {
        EXPECT_LT(tied_velocity(rule, W, Sigma).norm(), 1e-8);
        EXPECT_LT((W.transpose() * W * W.transpose() * W - W.transpose() * W).norm(), 1e-8);
        EXPECT_GT(tied_loss(W, Sigma), 1.8 + 0.01);
      } else {
        EXPECT_NEAR(tied_loss(W, Sigma), 1.8, 1e-8);
      }
    }
  }
}

// (23): W̄ = WU moves by the same rule with Λ in the place of Σ.
TEST(Flows, CommuteWithTheChangeToTheEigenbasis) {
  std::mt19937_64 random(7);
  const Matrix Sigma = random_moment(five, random);
  const Spectrum eigen = spectrum(Sigma);
  const Matrix Lambda = eigen.eigenvalues.asDiagonal();
  const Matrix W0 = 0.3 * random_matrix(3, 5, random);
  for (const TiedRule rule : all_rules) {
    Matrix W = W0, diagonal = W0 * eigen.eigenvectors;
    tied_flow(rule, W, Sigma, {0.0, 0.7}, fine);
    tied_flow(rule, diagonal, Lambda, {0.0, 0.7}, fine);
    EXPECT_LT((W * eigen.eigenvectors - diagonal).norm(), 1e-9);
  }
}

// (28) with the factor corrected: its slope is the velocity, so it falls at the rate |Ẇ|². With the
// factor as printed it is not.
TEST(Flows, TheEnergyFallsAtTheRateOfItsGradientFlow) {
  std::mt19937_64 random(8);
  constexpr double lambda = 1.7, h = 1e-6;
  const Matrix Sigma = lambda * Matrix::Identity(4, 4), W = random_matrix(2, 4, random);
  const Matrix v = tied_velocity(TiedRule::encoder, W, Sigma);
  const double slope = (energy(W + h * v, lambda) - energy(W - h * v, lambda)) / (2 * h);
  EXPECT_NEAR(slope, -v.squaredNorm(), 1e-6 * v.squaredNorm());
  const auto printed = [&](const Matrix& at) {
    const Matrix G = at.transpose() * at;
    const double off = G.squaredNorm() - G.diagonal().squaredNorm();
    return 0.25 * lambda * (Vector::Ones(4) - G.diagonal()).squaredNorm() + 0.5 * lambda * off;
  };
  const double as_printed = (printed(W + h * v) - printed(W - h * v)) / (2 * h);
  EXPECT_GT(std::abs(as_printed + v.squaredNorm()), 0.1 * v.squaredNorm());
  double last = INFINITY;
  Matrix moving = W;
  tied_flow(TiedRule::encoder, moving, Sigma, {0.0, 0.1, 0.5, 2.0, 8.0}, fine,
            [&](double, const Matrix& at) {
              EXPECT_LT(energy(at, lambda), last);
              last = energy(at, lambda);
              return true;
            });
  EXPECT_NEAR(last, 0.25 * lambda * 2.0, 1e-9);
}

// Weight tying makes no other critical points, and leaves as many ways down by pairs.
TEST(Flows, TiedCriticalPointsAreTheUntiedOnes) {
  std::mt19937_64 random(9);
  const Matrix Sigma = random_moment(five, random);
  const Spectrum eigen = spectrum(Sigma);
  constexpr double h = 1e-4;
  for (const CriticalPoint& point : critical_points(eigen, 2)) {
    Matrix W = Matrix::Zero(2, 5);
    for (Index r = 0; r < point.rank(); ++r) {
      W.row(r) = eigen.eigenvectors.col(point.set[static_cast<std::size_t>(r)]).transpose();
    }
    EXPECT_LT(tied_velocity(TiedRule::gradient, W, Sigma).norm(), 1e-13);
    EXPECT_NEAR(tied_loss(W, Sigma), point.loss, 1e-12);
    Matrix H(10, 10);
    for (Index k = 0; k < 10; ++k) {
      Matrix up = W, down = W;
      up.data()[k] += h;
      down.data()[k] -= h;
      H.col(k) = -(tied_velocity(TiedRule::gradient, up, Sigma) -
                   tied_velocity(TiedRule::gradient, down, Sigma))
                      .reshaped() /
                 h;
    }
    const Vector eigenvalues = symmetric_eigenvalues(0.5 * (H + H.transpose()));
    EXPECT_EQ((eigenvalues.array() < -1e-3).count(), point.negative_directions);
  }
}

TEST(Flows, RefuseWhatIsNoSecondMoment) {
  Matrix W = Matrix::Ones(1, 2), skew = Matrix::Identity(2, 2);
  skew(0, 1) = 0.5;
  LinearAutoencoder model{W.transpose(), W};
  EXPECT_THROW(tied_flow(TiedRule::encoder, W, skew, {0.0}), std::invalid_argument);
  EXPECT_THROW(untied_flow(model, skew, {0.0}), std::invalid_argument);
  EXPECT_THROW(untied_flow(model, Matrix::Identity(3, 3), {0.0}), std::invalid_argument);
  EXPECT_THROW(tied_flow(TiedRule::encoder, W, Matrix::Constant(2, 2, NAN), {0.0}),
               std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::linear
