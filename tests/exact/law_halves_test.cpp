#include "exact/law_halves.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "skeleta/exact/hessian.h"
#include "skeleta/exact/loss.h"
#include "support.h"

namespace skeleta::exact {
namespace {

struct Case {
  const char* name;
  DataLaw law;
};

DataLaw constants(const std::vector<ActivityNodes>& pieces) {
  DataLaw law{ActivityTree(activity::join(pieces)), {}};
  for (Index j = 0; j < law.size(); ++j) {
    law.values.push_back(
        ValueLaw::constant(j % 4 == 3 ? -0.6 : 0.5 + 0.1 * static_cast<double>(j)));
  }
  return law;
}

// Few enough for a sum over all patterns too.
std::vector<Case> cases() {
  using namespace activity;
  std::vector<ActivityNodes> plain, mixed{exclusive({feature(0, 0.25), feature(1, 0.5)}),
                                          parent(2, 0.5, {feature(3, 0.25), feature(4, 0.5)}),
                                          together(std::vector<Index>{5, 6}, 0.125),
                                          feature(7, 1.0),
                                          feature(8, 0.0),
                                          feature(9, 1e-9)};
  for (Index j = 0; j < 9; ++j) plain.push_back(feature(j, 0.1 + 0.05 * static_cast<double>(j)));
  return {{"independent", constants(plain)},
          {"groups", constants(mixed)},
          {"full group", constants({exclusive({feature(0, 0.3), feature(1, 0.7)}),
                                    exclusive({feature(2, 0.1), feature(3, 0.2)})})},
          {"two", constants({feature(0, 0.5), feature(1, 0.25)})}};
}

struct Row {
  LawRow row;
  Vector rounding;
};

// Thresholds at sums of the terms too, 0 among them, and jumps; entries of all sizes.
Row row_of(const DataLaw& law, Index own, int kind, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  Row result;
  LawRow& row = result.row;
  row.law = &law;
  row.own = own;
  row.g = Vector::NullaryExpr(law.size(), [&] { return 0.5 * normal(random); });
  if (kind == 5) {
    for (double& g : row.g) g *= std::pow(10.0, std::uniform_real_distribution(-12.0, 2.0)(random));
  }
  row.jump = kind % 2 == 1 ? 0.375 : 0.0;
  row.c = kind < 2 ? row.jump + 0.2 * normal(random) : row.jump;
  if (kind >= 4) row.c = row.g(0) * law.values[0].first() + row.g(1) * law.values[1].first();
  row.fewest = 2;
  result.rounding = Vector::Constant(law.size(), 1e-15);
  return result;
}

TEST(AtomHalves, AreTheSumsOverAllPatterns) {
  std::mt19937_64 random(41);
  for (const Case& test : cases()) {
    ASSERT_TRUE(AtomHalves::applies(test.law));
    const AtomLaw whole(test.law);
    const AtomHalves halves(test.law);
    EXPECT_LT(halves.first().nodes().size(), whole.nodes().size());
    const Index D = test.law.size();
    for (int k = 0; k < 60 * D; ++k) {
      SCOPED_TRACE(fmt::format("{} {}", test.name, k));
      const int kind = k % 6;
      const auto [row, rounding] = row_of(test.law, k % D, kind, random);
      Vector right = Vector::Zero(D), found = Vector::Zero(D);
      Vector right_counts = Vector::Zero(D + 1), counts = Vector::Zero(D + 1);
      const AtomOutput a = atom_output(row, whole, rounding, right.data(), &right_counts);
      const AtomOutput b = atom_output(row, halves, rounding, found.data(), &counts);
      EXPECT_NEAR(a.value, b.value, a.error.value + b.error.value);
      EXPECT_NEAR(a.threshold, b.threshold, a.error.threshold + b.error.threshold);
      EXPECT_LE((found - right).norm(), a.error.entries + b.error.entries);
      // Where no pattern is at the threshold, or it is the empty one alone, whose z is 0.
      if (kind < 4) {
        EXPECT_LE(b.error.value, 1e-12 * (b.value + 1.0));
        EXPECT_LE(b.error.threshold, 1e-12);
        EXPECT_LE((counts - right_counts).cwiseAbs().maxCoeff(), 1e-13 * (1.0 + b.value));
      }
      EXPECT_NEAR(counts.sum(), b.value, b.error.value + 1e-15 * b.value);
      const Vector u = Vector::Random(D);
      const LawDirection direction{u.data(), 0.7, 0.0};
      Vector right_product(D), product(D);
      const LawProduct c = atom_curvature(row, whole, rounding)(direction, right_product.data());
      const LawProduct d = atom_curvature(row, halves, rounding)(direction, product.data());
      EXPECT_EQ(std::isinf(c.error), std::isinf(d.error));
      if (std::isinf(d.error)) continue;
      EXPECT_LE(d.error, 1e-11);
      EXPECT_NEAR(c.threshold, d.threshold, d.error);
      EXPECT_LE((product - right_product).norm(), d.error);
    }
  }
}

// A feature that is always active takes a threshold G back all but for 1e-3: of squares of G a loss
// of 1e-6 is left, and their rounding.
TEST(AtomHalves, WhatCancelsIsInTheBound) {
  using namespace activity;
  const DataLaw law =
      constants({feature(0, 0.3), feature(1, 1.0), feature(2, 0.4), feature(3, 0.1)});
  const AtomLaw whole(law);
  const AtomHalves halves(law);
  std::mt19937_64 random(47);
  for (int k = 0; k < 200; ++k) {
    auto [row, rounding] = row_of(law, 0, 0, random);
    rounding.setZero();
    row.g *= 1e-4;
    row.g(0) = 1.0;
    row.g(1) = std::pow(10.0, std::uniform_real_distribution(0.0, 6.0)(random));
    row.c = row.g(1) * law.values[1].first() - 1e-3;
    const AtomOutput right = atom_output(row, whole, rounding, nullptr, nullptr);
    const AtomOutput found = atom_output(row, halves, rounding, nullptr, nullptr);
    EXPECT_NEAR(found.value, right.value, found.error.value);
    EXPECT_LE(found.error.value, 1e-13 * row.c * row.c);
  }
}

// Of 30 features too many patterns for a sum; of the first five with an importance there are 32.
TEST(AtomHalves, ThirtyBinaryFeaturesAreKnownToTheLastDigits) {
  std::mt19937_64 random(43);
  std::normal_distribution<double> normal;
  Autoencoder small{Matrix(2, 5), Vector::Constant(5, 0.1)};
  for (double& w : small.W.reshaped()) w = 0.6 * normal(random);
  Autoencoder large{Matrix::Zero(2, 30), Vector::Constant(30, 0.1)};
  large.W.leftCols(5) = small.W;
  const auto features = [](Index count) {
    return Features::of(DataLaw::independent(Vector::Constant(count, 0.2), ValueLaw::constant(0.8)),
                        Vector::Ones(count));
  };
  Features many = features(30);
  many.importance.tail(25).setZero();
  const LossAndGradient right = loss_and_gradient(small, features(5));
  const LossAndGradient found = loss_and_gradient(large, many);
  EXPECT_EQ(found.loss.stop_reason, StopReason::exact);
  EXPECT_EQ(found.loss.nodes, 0);
  EXPECT_LE(found.loss.error_bound, 1e-12);
  EXPECT_NEAR(found.loss.value, right.loss.value, found.loss.error_bound);
  EXPECT_LE((found.dW.leftCols(5) - right.dW).norm(), 1e-12);
  EXPECT_LE((found.db.head(5) - right.db).norm(), found.loss.gradient_error);
}

// Of equal features how many are active is binomial, whatever output 0 makes of them.
TEST(AtomHalves, SkeletonsOfManyPatternsKeepTheirDigits) {
  constexpr Index D = 30;
  constexpr double p = 0.37, a = 0.31 * 0.7, b = 0.2;
  Autoencoder model{Matrix::Constant(1, D, 0.31), Vector::Constant(D, b)};
  model.W_out = Matrix::Zero(D, 1);
  model.W_out(0, 0) = 0.7;
  Features features = Features::of(
      DataLaw::independent(Vector::Constant(D, p), ValueLaw::constant(1)), Vector::Ones(D));
  features.importance.tail(D - 1).setZero();
  std::vector<long double> right(D + 1);
  long double probability = std::pow(1.0L - p, static_cast<long double>(D - 1));
  for (Index k = 0; k < D; ++k) {  // of the others
    for (const Index own : {0, 1}) {
      const long double z = static_cast<long double>(a) * static_cast<long double>(k + own);
      const long double e = static_cast<long double>(own) - std::max(z - b, 0.0L);
      right[static_cast<std::size_t>(k + own)] +=
          probability * (own == 1 ? static_cast<long double>(p) : 1.0L - p) * e * e;
    }
    probability *= static_cast<long double>(D - 1 - k) / static_cast<long double>(k + 1) * p;
    probability /= 1.0L - p;
  }
  for (const SkeletonPart& part : skeleton_loss(model, features).skeletons) {
    const auto expected = static_cast<double>(right[static_cast<std::size_t>(part.l)]);
    EXPECT_NEAR(part.contribution, expected, 2e-14 * expected) << part.l;
  }
}

// The squares of what x_i and x̂_i have in common cancel: known to 1e-15 by halves, and as it is by
// the sum over all patterns.
TEST(AtomHalves, APerfectModelIsKnownToBe) {
  constexpr Index D = 14;
  const Autoencoder model{Matrix::Identity(D, D), Vector::Zero(D)};
  Autoencoder untied = model;
  untied.W_out = Matrix::Identity(D, D);
  untied.W_out(0, 1) = 1e-3;  // or each output would be alone
  untied.b(0) = 0.5;
  untied.W_out(0, 0) = 1.5;
  const Features features = Features::of(
      DataLaw::independent(Vector::Constant(D, 0.1), ValueLaw::constant(1)), Vector::Ones(D));
  const Loss loss = skeleta::exact::loss(untied, features);
  EXPECT_NEAR(loss.value, 0.01 * 1e-6, 1e-20);
  EXPECT_EQ(loss.stop_reason, StopReason::exact);
}

// A plane of terms u and −u, both always there.
TEST(AtomHalves, CurvaturesCountWhatCancelsInTheirDirection) {
  using namespace activity;
  const DataLaw law = constants({feature(0, 0.5), feature(1, 1.0), feature(2, 1.0), feature(3, 0.5),
                                 feature(4, 0.5), feature(5, 0.5)});
  const Vector none = Vector::Zero(6);
  LawRow row;
  row.law = &law;
  row.g = Vector{{0.1, 0.2, 0.3, -0.1, 0.1, 0.1}};
  row.c = 0.05;
  Vector u = Vector::Zero(6), found(6);
  const double x = law.values[3].first();
  u(3) = 0.3;
  u(1) = 1e12 / law.values[1].first();
  u(2) = -1e12 / law.values[2].first();
  const LawDirection direction{u.data(), 0.0, 0.0};
  const double right = -0.3 * x;  // −2 E Y, Y = .3 x_3, since z > c always
  const AtomLaw whole(law);
  const AtomHalves halves(law);
  for (const LawCurvature& K :
       {atom_curvature(row, whole, none), atom_curvature(row, halves, none)}) {
    const LawProduct product = K(direction, found.data());
    EXPECT_NEAR(product.threshold, right, product.error);
    EXPECT_LE(product.error, 0.5);
  }
}

// What is far out of reach of all sums of values is silent, wherever it is.
TEST(AtomHalves, ThresholdsMayBeFarOutOfReach) {
  constexpr double p = 0.3;
  for (const Index D : {3, 14}) {
    Autoencoder model{Matrix::Constant(1, D, 0.5), Vector::Constant(D, 0.1)};
    Features features = Features::of(
        DataLaw::independent(Vector::Constant(D, p), ValueLaw::constant(1)), Vector::Zero(D));
    features.importance(0) = 1.0;
    for (const double b : {1e40, 1e160, 1e300}) {
      model.b(0) = b;
      const LossAndGradient found = loss_and_gradient(model, features);
      EXPECT_NEAR(found.loss.value, p, 1e-14) << b;
      EXPECT_TRUE(found.loss.met_target()) << b;
      EXPECT_EQ(found.db(0), 0.0) << b;
    }
    model.b(0) = 0.1;
    model.activation = Activation::jumprelu;
    model.jump = Vector::Constant(D, 1e200);
    EXPECT_NEAR(loss(model, features).value, p, 1e-14);
    Autoencoder dead{Matrix::Zero(1, D), Vector::Constant(D, 0.1)};
    dead.b(0) = 5e-324;
    EXPECT_NEAR(loss(dead, features).value, p, 1e-14);
  }
}

TEST(AtomHalves, ApplyToTwoIndependentHalves) {
  using namespace activity;
  const auto law = [](Index features) {
    std::vector<ActivityNodes> pieces;
    for (Index j = 0; j < features; ++j) pieces.push_back(feature(j, 0.5));
    return constants(pieces);
  };
  EXPECT_TRUE(AtomHalves::applies(law(40)));
  EXPECT_FALSE(AtomHalves::applies(law(41)));
  std::vector<ActivityNodes> half_sure;  // 2^36 patterns
  for (Index j = 0; j < 200; ++j) half_sure.push_back(feature(j, j % 2 == 0 && j < 72 ? 0.5 : 1.0));
  EXPECT_TRUE(AtomHalves::applies(constants(half_sure)));
  EXPECT_FALSE(AtomHalves::applies(law(3000)));
  EXPECT_FALSE(AtomHalves::applies(constants({together(std::vector<Index>{0, 1}, 0.5)})));
  DataLaw other = law(24);
  other.values[3] = ValueLaw::uniform(0.0, 1.0);
  EXPECT_FALSE(AtomHalves::applies(other));
}

}  // namespace
}  // namespace skeleta::exact
