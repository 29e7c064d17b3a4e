#include "certify/whole_pentagon.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>

#include "bounds/truncated_loss.h"
#include "support.h"

namespace skeleta::certify {
namespace {

using ::testing::HasSubstr;

const PolygonProof& steep_proof() {
  static const PolygonProof proof = prove_pentagon_steep(2);
  return proof;
}

// Lengths, gaps and thresholds of five columns.
using Point = std::array<std::array<double, 5>, 3>;

Autoencoder model_of(const Point& point) {
  Autoencoder model{Matrix(2, 5), Vector(5)};
  double angle = 0.0;
  for (Index j = 0; j < 5; ++j) {
    const auto n = static_cast<std::size_t>(j);
    model.W.col(j) << point[0][n] * std::cos(angle), point[0][n] * std::sin(angle);
    model.b(j) = point[2][n];
    angle += point[1][n];
  }
  return model;
}

// R by the engine of the other proofs: C_2 + … + C_5 over p(1 − p)⁴.
double rest_of(const Point& point, double p) {
  const Features features = Features::uniform(5, p);
  const bounds::TruncatedLoss all(features, 5), one(features, 1);
  const Autoencoder model = model_of(point);
  return (all.value(model) - one.value(model)) / (p * std::pow(1.0 - p, 4));
}

// Σ over pairs of features and outputs of ∫ 2u̇² 1{u > 0}: what is dropped of the second derivative
// of R/x.
double squares_of(const Point& point, const Matrix& rise, const Vector& fall) {
  constexpr int cells = 40;
  const Autoencoder model = model_of(point);
  const Matrix G = model.W.transpose() * model.W;
  double sum = 0.0;
  for (Index j = 0; j < 5; ++j) {
    for (Index k = 0; k < j; ++k) {
      for (int n = 0; n < cells * cells; ++n) {
        const double s = (n / cells + 0.5) / cells, t = (n % cells + 0.5) / cells;
        for (Index i = 0; i < 5; ++i) {
          if (!(G(i, j) * s + G(i, k) * t > model.b(i))) continue;
          const double change = rise(i, j) * s + rise(i, k) * t - fall(i);
          sum += 2.0 * change * change / (cells * cells);
        }
      }
    }
  }
  return sum;
}

Point pentagon_of(const PolygonStage& stage) {
  Point point;
  point[0].fill(stage.column[0]);
  point[1].fill(0.4 * std::acos(-1.0));
  point[2].fill(stage.threshold());
  return point;
}

TEST(WholePentagon, RestIsThatOfThePentagon) {
  const PolygonStage& stage = steep_proof().last();
  for (const double p : {1e-4, 1e-3, 1e-2}) {
    const double x = p / (1.0 - p), rest = rest_of(pentagon_of(stage), p);
    EXPECT_GE(rest_of_pentagon(stage, x), rest);
    EXPECT_LE(rest_of_pentagon(stage, x), 1.06 * rest + 50.0 * x * x);
  }
}

// Second differences of R wherever the minima may be, along directions that keep the sum of the
// gaps; without the squares of u̇, which only add to them.
TEST(WholePentagon, CurvatureOfTheRestIsBounded) {
  const PolygonStage& stage = steep_proof().last();
  constexpr double p = 1e-3, x = p / (1.0 - p), step = 1e-3;
  const std::array<double, 3> bend = rest_bend(stage, x);
  std::mt19937_64 random(8);
  std::uniform_real_distribution<double> part(0.0, 1.0);
  std::normal_distribution<double> normal;
  const std::array<double, 2> near[] = {stage.near_column, stage.near_angle, stage.near_threshold};
  double nearest = 0.0;
  for (int n = 0; n < testing::scaled(100, 40); ++n) {
    Point point, direction, forth, back;
    double sum = 0.0;
    for (std::size_t j = 0; j < 5; ++j) {
      for (std::size_t k = 0; k < 3; ++k) {
        point[k][j] = near[k][0] + (near[k][1] - near[k][0]) * (k == 1 ? 0.5 : part(random));
        direction[k][j] = n % 4 == 3 || n % 4 == static_cast<int>(k) ? normal(random) : 0.0;
      }
      sum += direction[1][j];
    }
    double bound = 0.0;
    for (std::size_t j = 0; j < 5; ++j) {
      direction[1][j] -= 0.2 * sum;
      for (std::size_t k = 0; k < 3; ++k) {
        forth[k][j] = point[k][j] + step * direction[k][j];
        back[k][j] = point[k][j] - step * direction[k][j];
        bound += bend[k] * direction[k][j] * direction[k][j];
      }
    }
    const double second =
        (rest_of(forth, p) + rest_of(back, p) - 2.0 * rest_of(point, p)) / (step * step);
    const Autoencoder after = model_of(forth), before = model_of(back);
    const Matrix rise =
        (after.W.transpose() * after.W - before.W.transpose() * before.W) / (2.0 * step);
    const Vector fall = (after.b - before.b) / (2.0 * step);
    const double rest = second - x * squares_of(point, rise, fall);
    ASSERT_GE(rest, -bound);
    nearest = std::max(nearest, -rest / bound);
  }
  EXPECT_GT(nearest, 0.1);
}

TEST(WholePentagon, IsTheOnlyMinimumOfSparseFeatures) {
  const PolygonProof& proof = steep_proof();
  EXPECT_FALSE(check(proof, 2).has_value());
  EXPECT_EQ(certificate_text(read_certificate(certificate_text(proof))), certificate_text(proof));
  EXPECT_THAT(proof.statement(), HasSubstr("strictly convex"));
  EXPECT_THAT(proof.last().tree, HasSubstr("n"));
  const double sparsity = pentagon_unique_sparsity(proof.last());
  EXPECT_LT(sparsity, 0.99985);
  EXPECT_GT(sparsity, 0.9998);
  // Each of the conditions decides.
  for (std::size_t k = 0; k < 3; ++k) {
    PolygonStage stage = proof.last();
    stage.modulus[k] *= 0.5;
    EXPECT_GT(pentagon_unique_sparsity(stage), sparsity) << k;
  }
  PolygonStage stage = proof.last();
  stage.slack *= 0.5;
  EXPECT_GT(pentagon_unique_sparsity(stage), sparsity);
  stage.modulus = {};
  EXPECT_EQ(pentagon_unique_sparsity(stage), 1.0);
}

TEST(WholePentagon, AShiftedNumberIsFound) {
  const auto flawed = [&](auto change) {
    PolygonProof wrong = steep_proof();
    change(wrong.stages[0]);
    const auto flaw = check(wrong, 2);
    return flaw ? flaw->cause : std::string();
  };
  EXPECT_THAT(flawed([](auto& s) { s.modulus[0] *= 1.5; }), HasSubstr("is not proven"));
  EXPECT_THAT(flawed([](auto& s) { s.modulus[1] *= 1.5; }), HasSubstr("is not proven"));
  EXPECT_THAT(flawed([](auto& s) { s.modulus[2] *= 20.0; }), HasSubstr("is not proven"));
  EXPECT_THAT(flawed([](auto& s) { s.modulus[1] = 0.0; }), HasSubstr("three numbers above 0"));
  EXPECT_THAT(flawed([](auto& s) { s.slack *= 1.1; }), HasSubstr("is not proven"));
  EXPECT_THAT(flawed([](auto& s) { s.slack = 0.0; }), HasSubstr("and a `slack`"));
  EXPECT_THAT(flawed([](auto& s) { s.near_threshold[0] = 0.25; }), HasSubstr("is not proven"));
  EXPECT_THAT(flawed([](auto& s) { s.near_threshold[1] = 0.30; }), HasSubstr("is not proven"));
  // Without moduli its leaves say something else.
  EXPECT_THAT(flawed([](auto& s) { s.modulus = {}; }), HasSubstr("is not proven by 'n'"));
}

}  // namespace
}  // namespace skeleta::certify
