#include "skeleta/bounds/loss_tail.h"

#include <gtest/gtest.h>

#include "oracle_table.h"
#include "support.h"

namespace skeleta::bounds {
namespace {

TEST(LossTail, HoldsForEveryModelOfTheOracle) {
  for (const testing::OracleCase& c : testing::oracle_table()) {
    const LossTail tail(c.model, c.features);
    for (Index l = -1; l <= c.features.size(); ++l) {
      const double above = c.contributions.tail(c.features.size() - l).sum();
      const double below = l <= 0 ? 0.0 : c.contributions.head(l).sum();
      EXPECT_GE(tail.above(l), above * (1 - 1e-12)) << c.name << ", above " << l;
      EXPECT_GE(tail.below(l), below * (1 - 1e-12)) << c.name << ", below " << l;
      EXPECT_EQ(tail.outside({l, l}), tail.below(l) + tail.above(l));
    }
  }
}

// Within the factors of the tail that MATH.md saw: 1.4 to 12. A bound that is never sharp is no
// use.
TEST(LossTail, IsSharpEnoughToMeanSomething) {
  double worst = 0.0;
  int models = 0;
  for (const testing::OracleCase& c : testing::oracle_table()) {
    const Index count = c.features.size();
    if (c.name.rfind("plain", 0) != 0 || count < 3) continue;
    const double rest = c.contributions.tail(count - 1).sum();
    worst = std::max(worst, LossTail(c.model, c.features).above(1) / rest);
    ++models;
  }
  EXPECT_GE(models, 10);
  EXPECT_LT(worst, 20.0);
}

TEST(LossTail, IsZeroWhereNothingCanBe) {
  std::mt19937_64 random(1);
  const Autoencoder model = testing::random_model(6, 2, random);
  const LossTail never(model, Features::uniform(6, 0.0));
  EXPECT_EQ(never.above(0), 0.0);
  const LossTail always(model, Features::uniform(6, 1.0));
  EXPECT_EQ(always.below(6), 0.0);
  EXPECT_EQ(always.above(6), 0.0);
  EXPECT_GT(always.above(5), 0.0);
  const Autoencoder one{Matrix::Constant(1, 1, 0.9), Vector::Zero(1)};
  EXPECT_EQ(LossTail(one, Features::uniform(1, 0.5)).above(1), 0.0);
  EXPECT_EQ(LossTail(one, Features::uniform(1, 0.5, 0.0)).above(0), 0.0);  // nothing matters
}

TEST(LossTail, DoesNotDependOnThreads) {
  std::mt19937_64 random(2);
  const Autoencoder model = testing::random_model(300, 10, random);
  const Features features = testing::random_features(300, 0.05, random);
  const double one = LossTail(model, features, 1).above(1);
  for (const int threads : {2, 3, 8}) EXPECT_EQ(LossTail(model, features, threads).above(1), one);
}

TEST(LossTail, RefusesModelsAndFeaturesThatDisagree) {
  std::mt19937_64 random(2);
  const Autoencoder model = testing::random_model(5, 2, random);
  EXPECT_THROW(LossTail(model, Features::uniform(4, 0.1)), std::invalid_argument);
}

// Products of probabilities leave the range of double; the losses that they are factors of need
// not.
TEST(LossTail, DoesNotVanishWithItsProbabilities) {
  const Autoencoder model{Matrix{{1.0, 0.5, 0.3}}, Vector{{0.0, 0.1, 0.1}}};
  for (const double p : {5e-324, 1e-310, 1e-300, 1e-200}) {
    const LossTail tail(model, Features::uniform(3, p));
    EXPECT_GE(tail.above(0), p);  // 3 p/3, the zero model's, and what interferes
    EXPECT_GT(tail.above(1), 0.0);
    EXPECT_EQ(tail.above(3), 0.0);
    // p² = 1e-400 is no number, its product with an importance is.
    const LossTail dear(model, Features::uniform(3, p, 1e300));
    if (p == 1e-200) {
      EXPECT_GE(dear.above(1), 1e-101);
    }
  }
}

}  // namespace
}  // namespace skeleta::bounds
