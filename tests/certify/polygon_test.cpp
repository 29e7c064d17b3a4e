#include "skeleta/certify/polygon.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>

#include "bounds/truncated_loss.h"
#include "skeleta/certify/certified_minimum.h"
#include "support.h"

namespace skeleta::certify {
namespace {

using ::testing::HasSubstr;

const PolygonProof& hexagon() {
  static const PolygonProof proof = prove_polygon(6, 2);
  return proof;
}

// k L_1 by the engine of the other proofs: with density p, C_1 = kp(1 − p)^{k−1} L_1.
double loss_of(const Autoencoder& model) {
  const Index k = model.features();
  const bounds::TruncatedLoss one(Features::uniform(k, 0.5), 1), none(Features::uniform(k, 0.5), 0);
  return (one.value(model) - none.value(model)) * std::exp2(static_cast<double>(k));
}

Autoencoder polygon(Index k, double r, double b) {
  Autoencoder model{Matrix(2, k), Vector::Constant(k, b)};
  for (Index j = 0; j < k; ++j) {
    const double angle =
        2.0 * 3.14159265358979324 * static_cast<double>(j) / static_cast<double>(k);
    model.W.col(j) << r * std::cos(angle), r * std::sin(angle);
  }
  return model;
}

TEST(Polygon, PentagonAndHexagonAreProven) {
  const PolygonProof& proof = hexagon();
  ASSERT_EQ(proof.stages.size(), 2u);
  // Intervals of the first proof, by another program.
  EXPECT_GE(proof.stages[0].lower, 0.07912813537238);
  EXPECT_LE(proof.stages[0].upper, 0.07912813537256);
  EXPECT_GE(proof.stages[1].lower, 0.2891542561887);
  EXPECT_LE(proof.stages[1].upper, 0.2891542561894);
  for (const PolygonStage& stage : proof.stages) {
    EXPECT_LT(stage.lower, stage.upper);
    EXPECT_LT(stage.upper - stage.lower, 1e-12);
  }
  EXPECT_FALSE(check(proof, 1).has_value());
  EXPECT_THAT(proof.statement(), HasSubstr("exactly one minimum"));
  EXPECT_LT(proof.boxes(), 100'000u);
}

TEST(Polygon, ItsLossIsTheLowerBound) {
  for (const PolygonStage& stage : hexagon().stages) {
    const double b = stage.threshold();
    EXPECT_NEAR(b, stage.corners == 5 ? 0.28229728441 : 0.61813510185, 1e-7);  // golden section
    const double loss = loss_of(polygon(stage.corners, stage.column[0], b));
    EXPECT_NEAR(loss, stage.lower, 1e-12);
    EXPECT_GT(loss_of(polygon(stage.corners, stage.column[0] + 1e-3, b)), stage.upper);
  }
}

// Random models, and models near the polygon: none has less.
TEST(Polygon, NoModelIsBelow) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  for (const PolygonStage& stage : hexagon().stages) {
    const Index k = stage.corners;
    const Autoencoder best = polygon(k, stage.column[0], stage.threshold());
    for (int n = 0; n < testing::scaled(20'000, 1000); ++n) {
      const double size = std::exp(-8.0 * n / 20'000.0);
      Autoencoder model = n % 4 == 0 ? testing::random_model(k, 2, random) : best;
      for (double& w : model.W.reshaped()) w += size * normal(random);
      for (double& b : model.b) b += size * normal(random);
      EXPECT_GT(loss_of(model), stage.lower);
    }
  }
}

TEST(Polygon, IsTheSameForAnyNumberOfThreads) {
  EXPECT_EQ(certificate_text(prove_polygon(5, 1)), certificate_text(prove_polygon(5, 3)));
}

TEST(Polygon, CertificatesAreReadBack) {
  const std::string text = certificate_text(hexagon());
  const PolygonProof read = read_certificate(text);
  EXPECT_EQ(certificate_text(read), text);
  EXPECT_FALSE(check(read, 2).has_value());
}

TEST(Polygon, AFlippedCharacterIsSeen) {
  const std::string text = certificate_text(prove_polygon(5, 2));
  std::mt19937_64 random(6);
  for (int n = 0; n < 200; ++n) {
    std::string other = text;
    char& c = other[random() % text.size()];
    c = c == 'h' ? 'c' : 'h';
    EXPECT_THROW(read_certificate(other), std::invalid_argument);
  }
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{40}, text.size() / 2, text.size() - 1}) {
    EXPECT_THROW(read_certificate(text.substr(0, size)), std::invalid_argument);
  }
  EXPECT_THROW(read_certificate(text + "\n"), std::invalid_argument);
}

// The digest is against accidents: who writes a new one must still prove something.
TEST(Polygon, AWrongLeafIsFound) {
  const PolygonProof proof = prove_polygon(5, 2);
  const std::string& tree = proof.last().tree;
  for (const char letter : {'h', 'r', 's', 'p', 'o', 'c'}) {
    PolygonProof wrong = proof;
    // A leaf that needs its reason: 'o' holds of no box with r <= s, 'h' of none in the well.
    const std::size_t place = tree.find(letter);
    wrong.stages[0].tree[place] = letter == 'o' ? 'c' : (letter == 'c' ? 'h' : 'o');
    const auto flaw = check(wrong, 1);
    ASSERT_TRUE(flaw.has_value()) << letter;
    EXPECT_EQ(flaw->leaf, static_cast<std::int64_t>(place));
    wrong = proof;
    wrong.stages[0].tree.erase(place, 1);
    EXPECT_TRUE(check(wrong, 1).has_value()) << letter;
  }
}

TEST(Polygon, AShiftedNumberIsFound) {
  const PolygonProof proof = prove_polygon(5, 2);
  const auto flawed = [&](auto change) {
    PolygonProof wrong = proof;
    change(wrong.stages[0]);
    const auto flaw = check(wrong, 1);
    return flaw ? flaw->cause : std::string();
  };
  constexpr double little = 1e-6;
  EXPECT_THAT(flawed([](auto& s) {
                s.column[0] += little;
                s.column[1] += little;
              }),
              HasSubstr("stationary"));
  EXPECT_THAT(flawed([](auto& s) {
                s.lower += little;
                s.upper += little;
              }),
              HasSubstr("the polygon's loss"));
  EXPECT_THAT(flawed([](auto& s) { s.upper -= little; }), HasSubstr("the polygon's loss"));
  EXPECT_THAT(flawed([](auto& s) { s.longest = 1.65; }), HasSubstr("longer"));
  EXPECT_THAT(flawed([](auto& s) { s.shortest = 0.1; }), HasSubstr("shorter"));
  EXPECT_THAT(flawed([](auto& s) { s.widest = 1.4; }), HasSubstr("wider"));
  EXPECT_THAT(flawed([](auto& s) { s.widest = 1.58; }), HasSubstr("right angle"));
  EXPECT_THAT(flawed([](auto& s) { s.well_column[1] = 1.17; }), HasSubstr("well_column"));
  EXPECT_THAT(flawed([](auto& s) { s.well_angle[0] = 1.26; }), HasSubstr("well_angle"));
  EXPECT_THAT(flawed([](auto& s) { s.corners = 6; }), HasSubstr("5-gon"));
  // A larger box is not covered by the tree's leaves, a larger well not convex.
  EXPECT_THAT(flawed([](auto& s) { s.well_column[1] = s.near_column[1] += 0.2; }),
              HasSubstr("is not proven"));
  EXPECT_THAT(flawed([](auto& s) { s.well_column[1] += 0.2; }), HasSubstr("hold the well"));
  // The hexagon needs the pentagon.
  PolygonProof wrong = hexagon();
  wrong.stages.erase(wrong.stages.begin());
  EXPECT_TRUE(check(wrong, 1).has_value());
  wrong = hexagon();
  wrong.stages[0].tree[0] = 'h';
  EXPECT_EQ(check(wrong, 1)->corners, 5);
}

// L^(≤1) of equal features: the same minimum, whatever their density.
TEST(Polygon, IsTheMinimumOfAtMostOneActiveFeature) {
  CertifyOptions options;
  options.skeletons = 1;
  options.relative_gap = 1e-8;  // `upper` has the allowance for rounding
  for (const double p : {1e-6, 0.05, 0.9}) {
    Features features = Features::uniform(6, p);
    features.importance.setConstant(3.0);
    const CertifiedMinimum found = certify_minimum(features, 2, options);
    const double expected = 3.0 * p * std::pow(1.0 - p, 5) * hexagon().last().lower;
    EXPECT_EQ(found.stop_reason, CertifyStop::gap);
    EXPECT_NEAR(found.lower, expected, 1e-12 * expected);
    EXPECT_LE(found.lower, found.upper);
    EXPECT_NEAR(bounds::TruncatedLoss(features, 1).value(found.model), found.upper,
                1e-8 * found.upper);
    EXPECT_EQ(found.model.W(1, 0), 0.0);
  }
  const CertifiedMinimum stopped = certify_minimum(Features::uniform(5, 0.1), 2, options,
                                                   [](const CertifiedMinimum&) { return false; });
  EXPECT_EQ(stopped.stop_reason, CertifyStop::interrupted);
  EXPECT_EQ(stopped.lower, 0.0);
}

TEST(Polygon, ModelsOfLittleMoreLossAreNearThePentagon) {
  const PolygonProof proof = prove_pentagon_stable(2);
  const PolygonStage& stage = proof.last();
  EXPECT_FALSE(check(proof, 2).has_value());
  EXPECT_EQ(certificate_text(read_certificate(certificate_text(proof))), certificate_text(proof));
  EXPECT_THAT(proof.statement(), HasSubstr("0.011 more"));
  const auto flawed = [&](auto change) {
    PolygonProof wrong = proof;
    change(wrong.stages[0]);
    return check(wrong, 2).has_value();
  };
  EXPECT_TRUE(flawed([](auto& s) { s.slack = 0.013; }));
  EXPECT_TRUE(flawed([](auto& s) { s.near_column[0] = 0.98; }));
  EXPECT_TRUE(flawed([](auto& s) { s.near_angle[1] = 1.3; }));
  // Models around the pentagon: those within the slack have columns and gaps where they are said
  // to be, and columns go far enough for that to say something.
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  double shortest = 2.0;
  int within = 0;
  for (int n = 0; n < testing::scaled(100'000, 20'000); ++n) {
    Autoencoder model = polygon(5, stage.column[0], stage.threshold());
    const double size = 0.12 * (n % 10) / 10.0;
    for (double& w : model.W.reshaped()) w += size * normal(random);
    if (n % 3 == 0) model.W *= 1.0 + 0.5 * size * normal(random);
    if (loss_of(model) > stage.lower + stage.slack) continue;
    ++within;
    std::vector<double> angles;
    for (Index j = 0; j < 5; ++j) {
      const double r = model.W.col(j).norm();
      shortest = std::min(shortest, r);
      ASSERT_GT(r, stage.near_column[0]);
      ASSERT_LT(r, stage.near_column[1]);
      angles.push_back(std::atan2(model.W(1, j), model.W(0, j)));
    }
    std::sort(angles.begin(), angles.end());
    angles.push_back(angles.front() + 2.0 * std::acos(-1.0));
    for (std::size_t j = 0; j < 5; ++j) {
      ASSERT_GT(angles[j + 1] - angles[j], stage.near_angle[0]);
      ASSERT_LT(angles[j + 1] - angles[j], stage.near_angle[1]);
    }
  }
  EXPECT_GT(within, 1000);
  EXPECT_LT(shortest, 1.1);
}

TEST(Polygon, BoundsTheWholeLossFromSomeSparsityOn) {
  PolygonStage stage = prove_pentagon_stable(2).last();
  const double sparsity = pentagon_sparsity(stage);
  EXPECT_GT(sparsity, 0.995);
  EXPECT_LT(sparsity, 0.9965);
  // The excess of the pentagon's own loss, by its definition.
  const Autoencoder best = polygon(5, stage.column[0], stage.threshold());
  const auto excess = [&](double p) {
    const double one = p * std::pow(1.0 - p, 4);
    return bounds::TruncatedLoss(Features::uniform(5, p), 5).value(best) / one - stage.lower;
  };
  EXPECT_LE(excess(1.0 - sparsity), stage.slack);
  EXPECT_GT(excess(1.0 - sparsity + 1e-4), stage.slack * (1.0 - 1e-6));
  stage.slack = 0.0;
  EXPECT_EQ(pentagon_sparsity(stage), 1.0);
}

TEST(Polygon, RefusesOtherCorners) {
  for (const Index corners : {0, 4, 7}) {
    EXPECT_THROW(prove_polygon(corners), std::invalid_argument) << corners;
  }
  EXPECT_TRUE(check(PolygonProof{}).has_value());
}

}  // namespace
}  // namespace skeleta::certify
