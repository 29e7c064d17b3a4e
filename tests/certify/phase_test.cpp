#include "skeleta/certify/phase.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

#include "skeleta/certify/certified_minimum.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/exact/loss.h"
#include "skeleta/training/penalty.h"
#include "support.h"

namespace skeleta::certify {
namespace {

using ::testing::HasSubstr;

// L + λR by the exact loss and the penalty of training.
double loss_of(const PhasePoint& point, const Autoencoder& model) {
  Features features = Features::uniform(2, point.density);
  features.importance(1) = point.importance;
  Vector gradient = Vector::Zero(4);
  return exact::loss(model, features).value +
         training::add_penalty({.interference = point.interference}, model, gradient);
}

Autoencoder pair_of(double first, double second, double b, double c) {
  Autoencoder model{Matrix(1, 2), Vector(2)};
  model.W << first, second;
  model.b << b, c;
  return model;
}

const std::vector<PhasePoint>& some_points() {
  static const std::vector<PhasePoint> points{{0.5, 0.1, 0.0}, {0.5, 0.1, 0.03}, {3.0, 0.1, 0.2},
                                              {1.0, 0.1, 0.2}, {1.0, 0.5, 0.01}, {0.1, 0.3, 0.0},
                                              {0.7, 1.0, 0.0}, {0.05, 0.01, 0.0}};
  return points;
}

TEST(Phase, AgreesWithTheOtherProof) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> part(0.0, 1.0);
  for (int n = 0; n < testing::scaled(10, 3); ++n) {
    const PhasePoint point{std::exp(3.0 * part(random) - 1.5), 0.02 + 0.9 * part(random), 0.0};
    const PhaseProof proof = prove_phase(point);
    Features features = Features::uniform(2, point.density);
    features.importance(1) = point.importance;
    CertifyOptions options;
    options.relative_gap = 1e-4;
    const CertifiedMinimum other = certify_minimum(features, 1, options);
    EXPECT_LE(proof.lower, other.upper);
    EXPECT_GE(proof.upper, other.lower);
    EXPECT_LE(proof.upper - proof.lower, 1.001e-4 * proof.upper);
    EXPECT_FALSE(check(proof).has_value());
  }
  // The recorded minimum of two equal features at S = .9.
  const PhaseProof known = prove_phase({1.0, 0.1, 0.0}, 1e-5);
  EXPECT_LE(known.lower, 0.0033194839);
  EXPECT_GE(known.upper, 0.0033194838);
}

TEST(Phase, NamesThePhases) {
  EXPECT_EQ(prove_phase({0.5, 0.1, 0.0}).phase, PhaseName::antipodal);
  EXPECT_EQ(prove_phase({0.5, 0.1, 0.03}).phase, PhaseName::drop);
  EXPECT_EQ(prove_phase({2.0, 0.1, 0.06}).phase, PhaseName::dedicate);
  EXPECT_EQ(prove_phase({1.0, 0.1, 0.06}).phase, PhaseName::either);
  const PhaseProof drop = prove_phase({0.5, 0.1, 0.03});
  const double plain = 0.5 * (0.1 / 3.0 - 0.01 / 4.0);
  EXPECT_LE(drop.lower, plain);
  EXPECT_GE(drop.upper, plain);
  EXPECT_LT(drop.upper - drop.lower, 1e-16);
}

// A phase that is as good as another one to 1e-11 is not named; the minimum is known all the same.
TEST(Phase, LeavesTiesUndecided) {
  const double p = 0.1, plain = 0.5 * (p / 3.0 - p * p / 4.0);
  double low = 0.0, high = 0.1;  // λ at which the antipodal pair found loses as much as `drop`
  for (int n = 0; n < 40; ++n) {
    const double lambda = 0.5 * (low + high);
    const PhaseProof proof = prove_phase({0.5, p, lambda}, 1e-3);
    (proof.phase == PhaseName::antipodal ? low : high) = lambda;
    if (proof.phase == PhaseName::undecided) {
      EXPECT_GE(proof.lower, plain * (1.0 - 1.001e-3));
      EXPECT_NEAR(proof.upper, plain, 1e-6 * plain);
      EXPECT_FALSE(check(proof).has_value());
      return;
    }
  }
  EXPECT_LT(high - low, 1e-11);  // or rounding decides
}

// Of dense features the second column grows from 0 on, where drop stops being a minimum: another
// local minimum, with w_2 = .7, is no better than drop.
TEST(Phase, FindsShortColumns) {
  const PhaseProof proof = prove_phase({0.7443803, 0.49238826, 0.01});
  EXPECT_EQ(proof.phase, PhaseName::antipodal);
  EXPECT_GT(proof.columns[1], -0.1);
  EXPECT_LT(proof.upper, phase_losses(proof)[0]);
}

TEST(Phase, OfExchangedFeaturesIsTheMirrorImage) {
  for (const PhasePoint& point : some_points()) {
    const PhaseProof one = prove_phase(point);
    const double I = point.importance;
    const PhaseProof other = prove_phase({1.0 / I, point.density, point.interference / I});
    const PhaseName mirrored = one.phase == PhaseName::drop       ? PhaseName::dedicate
                               : one.phase == PhaseName::dedicate ? PhaseName::drop
                                                                  : one.phase;
    EXPECT_EQ(other.phase, mirrored);
    EXPECT_NEAR(other.upper, one.upper / I, 2e-4 * other.upper);
  }
}

TEST(Phase, NoModelIsBelow) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal;
  for (const PhasePoint& point : some_points()) {
    const PhaseProof proof = prove_phase(point);
    std::vector<Autoencoder> near{pair_of(1.0, 0.0, 0.0, -0.5 * point.density),
                                  pair_of(0.0, 1.0, -0.5 * point.density, 0.0),
                                  pair_of(1.0, -1.0, 0.0, 0.0)};
    if (proof.columns[0] > 0.0) {
      near.push_back(
          pair_of(proof.columns[0], proof.columns[1], proof.thresholds[0], proof.thresholds[1]));
      EXPECT_NEAR(loss_of(point, near.back()), proof.upper, 1e-9 * proof.upper);
    }
    double best = 1e9;
    for (int n = 0; n < testing::scaled(2000, 200); ++n) {
      Autoencoder model = near[random() % near.size()];
      const double size = std::exp(-8.0 * n / testing::scaled(2000, 200));
      for (double& w : model.W.reshaped()) w += size * normal(random);
      for (double& b : model.b) b += size * normal(random);
      best = std::min(best, loss_of(point, model));
    }
    EXPECT_GE(best, proof.lower * (1.0 - 1e-7));  // the exact loss has that error
    EXPECT_LE(best, proof.upper * 1.05);
  }
}

TEST(Phase, InterferenceEndsTheAntipodalPhaseOnce) {
  const PhaseGrid grid{{0.5, 2.0}, {0.1}, {0.0, 0.005, 0.01, 0.02, 0.04, 0.08}};
  const std::vector<PhaseProof> proofs = prove_phases(grid);
  ASSERT_EQ(proofs.size(), 12u);
  for (std::size_t n = 1; n < proofs.size(); ++n) {
    if (n == 6) continue;
    EXPECT_LE(proofs[n].phase == PhaseName::antipodal, proofs[n - 1].phase == PhaseName::antipodal);
    EXPECT_GE(proofs[n].upper, proofs[n - 1].lower);
  }
  const auto surface = critical_interference(proofs);
  ASSERT_EQ(surface.size(), 2u);
  EXPECT_EQ(surface[0].importance, 0.5);
  EXPECT_EQ(surface[0].low, 0.01);
  EXPECT_EQ(surface[0].high, 0.02);
  EXPECT_LT(surface[0].low, surface[1].low);
  const auto open = critical_interference({proofs[0]});
  EXPECT_EQ(open[0].high, std::numeric_limits<double>::infinity());
}

TEST(Phase, IsTheSameForAnyNumberOfThreads) {
  const PhaseGrid grid{{0.3, 1.0}, {0.05, 0.5}, {0.0, 0.02}};
  const std::string text = certificate_text(prove_phases(grid, 1e-3, 1));
  EXPECT_EQ(certificate_text(prove_phases(grid, 1e-3, 3)), text);
  const std::vector<PhaseProof> read = read_phase_certificate(text);
  EXPECT_EQ(certificate_text(read), text);
  EXPECT_FALSE(check(read, 2).has_value());
  EXPECT_THROW(prove_phases(grid, 1e-3, 1, [](std::size_t) { return false; }), Interrupted);
}

TEST(Phase, AnAlteredCertificateIsNotRead) {
  const std::string text = certificate_text({prove_phase({0.5, 0.1, 0.0}, 1e-3)});
  std::mt19937_64 random(3);
  for (int n = 0; n < 100; ++n) {
    std::string other = text;
    char& c = other[random() % text.size()];
    c = c == 'n' ? 'c' : 'n';
    EXPECT_THROW(read_phase_certificate(other), std::invalid_argument);
  }
  EXPECT_THROW(read_phase_certificate(text.substr(0, text.size() / 2)), std::invalid_argument);
  EXPECT_THROW(read_phase_certificate(text + "\n"), std::invalid_argument);
}

// The digest is against accidents: who writes a new one must still prove something.
TEST(Phase, AWrongProofIsFound) {
  const PhaseProof pair = prove_phase({0.5, 0.1, 0.0}), drop = prove_phase({0.5, 0.1, 0.03});
  const auto cause = [](PhaseProof proof, auto change) {
    change(proof);
    const auto found = check(proof);
    return found ? found->cause : std::string("proven");
  };
  EXPECT_EQ(cause(pair, [](PhaseProof&) {}), "proven");
  for (const PhaseProof& good : {pair, drop}) {
    for (const char letter : {'f', 'n', 'c', 'd', 'e'}) {
      const std::size_t place = good.tree.find(letter);
      if (place == std::string::npos) continue;
      // Some other reason may hold of the box; not all of them.
      int proven = 0;
      for (const char other : {'f', 'n', 'c', 'd', 'e', '?', 'x'}) {
        proven += cause(good, [&](PhaseProof& x) { x.tree[place] = other; }) == "proven" ? 1 : 0;
      }
      EXPECT_LE(proven, 4) << letter;
    }
    EXPECT_THAT(cause(good, [](PhaseProof& x) { x.tree.pop_back(); }),
                HasSubstr("before its last"));
    EXPECT_THAT(cause(good, [](PhaseProof& x) { x.longest[0] = 1.0; }), HasSubstr("longer"));
    EXPECT_NE(cause(good, [](PhaseProof& x) { x.point.importance *= 1.0 + 1e-6; }), "proven");
    EXPECT_NE(cause(good, [](PhaseProof& x) { x.point.density *= 1.0 + 1e-6; }), "proven");
    EXPECT_NE(cause(good, [](PhaseProof& x) { x.phase = PhaseName::either; }), "proven");
    EXPECT_NE(cause(good, [](PhaseProof& x) { x.phase = PhaseName::dedicate; }), "proven");
  }
  EXPECT_THAT(cause(pair, [](PhaseProof& x) { x.upper *= 1.0 - 1e-6; }), HasSubstr("no model"));
  EXPECT_THAT(cause(pair, [](PhaseProof& x) { x.thresholds[1] += 1e-3; }), HasSubstr("no model"));
  EXPECT_THAT(cause(pair, [](PhaseProof& x) { x.columns[1] = -x.columns[1]; }),
              HasSubstr("no model"));
  EXPECT_NE(cause(pair, [](PhaseProof& x) { x.lower = x.upper; }), "proven");
  EXPECT_NE(cause(pair, [](PhaseProof& x) { x.phase = PhaseName::drop; }), "proven");
  EXPECT_NE(cause(drop, [](PhaseProof& x) { x.phase = PhaseName::antipodal; }), "proven");
  EXPECT_NE(cause(drop, [](PhaseProof& x) { x.lower *= 1.0 + 1e-15; }), "proven");
}

TEST(Phase, RefusesWhatIsNoPoint) {
  for (const PhasePoint& point :
       {PhasePoint{0.0, 0.1, 0.0}, PhasePoint{1.0, 0.0, 0.0}, PhasePoint{1.0, 1.5, 0.0},
        PhasePoint{1.0, 1e-5, 0.0}, PhasePoint{1.0, 0.1, -1.0},
        PhasePoint{std::numeric_limits<double>::quiet_NaN(), 0.1, 0.0}}) {
    EXPECT_THROW(prove_phase(point), std::invalid_argument);
    EXPECT_THROW(prove_phases({{point.importance}, {point.density}, {point.interference}}),
                 std::invalid_argument);
  }
  EXPECT_THROW(prove_phase({1.0, 0.1, 0.0}, 0.0), std::invalid_argument);
}

}  // namespace
}  // namespace skeleta::certify
