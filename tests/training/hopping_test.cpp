#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "skeleta/training/train.h"
#include "skeleta/training/unseen.h"
#include "support.h"
#include "training/moves.h"

// Search::hopping: moves, walks, and what they say about minima that nobody met.
namespace skeleta::training {
namespace {

Matrix polygon(Index corners) {
  Matrix points(2, corners);
  for (Index j = 0; j < corners; ++j) {
    const double angle = 2.0 * M_PI * static_cast<double>(j) / static_cast<double>(corners);
    points.col(j) << std::cos(angle), std::sin(angle);
  }
  return points;
}

Index represented(const Autoencoder& model) {
  return (model.W.colwise().norm().array() > 0.25 * model.W.colwise().norm().maxCoeff()).count();
}

Autoencoder square_of_six() {
  Autoencoder model{Matrix::Zero(2, 6), Vector::Zero(6)};
  model.W.leftCols(4) = polygon(4);
  return model;
}

TEST(Moves, DoWhatTheirNamesSay) {
  const Features features = Features::uniform(6, 0.1);
  const Autoencoder model = square_of_six();
  const std::vector<Matrix> known{polygon(5)};
  sampling::PointStream random({.seed = 5, .purpose = sampling::Purpose::start}, 0);
  for (int trial = 0; trial < 50; ++trial) {
    const auto after = [&](Move move) { return moved(move, model, features, known, random); };
    EXPECT_EQ(after(Move::exchange).W, model.W);  // features are alike
    const Autoencoder dropped = after(Move::drop);
    EXPECT_LE(represented(dropped), 4);
    EXPECT_GE(represented(dropped), 3);
    // The mean, p/2, as constant output, of all that are dropped.
    EXPECT_EQ((dropped.b.array() == -0.05).count(), 6 - represented(dropped));
    const Autoencoder revived = after(Move::revive);
    EXPECT_EQ(represented(revived), 5);
    EXPECT_NEAR(revived.W.rightCols(2).norm(), 1.0, 1e-12);
    const Autoencoder paired = after(Move::pair);
    EXPECT_EQ(represented(paired), 5);
    EXPECT_NEAR((model.W.leftCols(4).transpose() * paired.W.rightCols(2)).minCoeff(), -1.0, 1e-12);
    const Autoencoder merged = after(Move::merge);
    EXPECT_LE(merged.W.norm(), model.W.norm() - 0.2);
    const Autoencoder configured = after(Move::configuration);
    EXPECT_EQ(represented(configured), 5);
    EXPECT_NE(after(Move::shake).W, model.W);
    EXPECT_EQ(moved(Move::configuration, model, features, {}, random).W, model.W);
  }
}

TEST(Moves, ExchangeFeaturesThatDiffer) {
  Features features = Features::uniform(6, 0.1);
  features.importance(0) = 2.0;
  const Autoencoder model = square_of_six();
  sampling::PointStream random({.seed = 5, .purpose = sampling::Purpose::start}, 0);
  const Autoencoder after = moved(Move::exchange, model, features, {}, random);
  EXPECT_EQ(after.W.squaredNorm(), model.W.squaredNorm());
  EXPECT_EQ(((after.W - model.W).colwise().norm().array() > 0.0).count(), 2);
}

// A decoder goes with its encoder, a model without represented features may be moved too.
TEST(Moves, KnowModelsOfEveryForm) {
  const Features features = Features::uniform(6, 0.1);
  Autoencoder untied = square_of_six(), empty{Matrix::Zero(2, 6), Vector::Zero(6)};
  untied.W_out = untied.W.transpose();
  sampling::PointStream random({.seed = 6, .purpose = sampling::Purpose::start}, 0);
  for (const Move move : {Move::drop, Move::revive, Move::pair, Move::merge}) {
    const Autoencoder after = moved(move, untied, features, {}, random);
    EXPECT_EQ(after.W_out, Matrix(after.W.transpose())) << to_string(move);
    EXPECT_TRUE(moved(move, empty, features, {}, random).W.allFinite()) << to_string(move);
  }
}

// Polygons of at most so many corners are known.
Options hopping(std::uint64_t seed, Index most_corners) {
  Options options;
  options.search = Search::hopping;
  options.seed = seed;
  for (Index corners = 3; corners <= most_corners; ++corners)
    options.configurations.push_back(polygon(corners));
  return options;
}

// Eight features in two dimensions: fifty starts find the heptagon that is the best with one seed
// in three, a single walk always. The value is that of 2000 starts.
TEST(HoppingTraining, FindsTheBestFromEverySeed) {
  const Features features = Features::uniform(8, 0.01);
  const auto seeds = static_cast<std::uint64_t>(testing::scaled(10, 2));
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Training found = train(features, 2, hopping(seed, 8));
    EXPECT_NEAR(found.best()->loss.value, 0.0098592474651, 1e-11) << seed;
    EXPECT_TRUE(found.best()->is_minimum());
  }
}

// The moves do it: without known configurations too.
TEST(HoppingTraining, NeedsNoKnownConfigurations) {
  const auto seeds = static_cast<std::uint64_t>(testing::scaled(4, 2));
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Options options = hopping(seed, 0);
    options.starts = 2;
    const Training found = train(Features::uniform(8, 0.01), 2, options);
    EXPECT_NEAR(found.best()->loss.value, 0.0098592474651, 1e-11) << seed;
  }
}

TEST(HoppingTraining, HasTheSameBitsForAnyThreadsAndSplit) {
  const Features features = Features::uniform(6, 0.05);
  Options options = hopping(3, 6);
  options.patience = 5;
  options.starts = 4;
  options.threads = 1;
  const Training whole = train(features, 2, options);
  options.threads = 3;
  const Training threaded = train(features, 2, options);
  options.first = 1;
  options.starts = 2;
  options.stride = 2;
  const Training part = train(features, 2, options);
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_EQ(whole.starts[k].model.W, threaded.starts[k].model.W);
    EXPECT_EQ(whole.starts[k].loss.value, threaded.starts[k].loss.value);
    EXPECT_EQ(whole.starts[k].summary.evaluations, threaded.starts[k].summary.evaluations);
  }
  EXPECT_EQ(part.starts[0].model.W, whole.starts[1].model.W);
  EXPECT_EQ(part.starts[1].model.W, whole.starts[3].model.W);
}

// Walks go down only: never above where the first descent of the same start ends.
TEST(HoppingTraining, KnowsModelsAndObjectivesOfEveryForm) {
  Features unequal = Features::uniform(5, 0.2);
  for (Index i = 0; i < 5; ++i) unequal.importance(i) = std::pow(0.7, double(i));
  for (int kind = 0; kind < 5; ++kind) {
    Options options;
    options.starts = 2;
    options.patience = 3;
    if (kind == 1) options.untied = true;
    if (kind == 2) options.thresholds = false;
    if (kind == 3) options.objective = ObjectiveKind::k_sparse;
    if (kind == 4) options.objective = ObjectiveKind::linear;
    options.max_steps = 300;
    const Training by_starts = train(unequal, 2, options);
    options.search = Search::hopping;
    const Training by_hops = train(unequal, 2, options);
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_LE(by_hops.starts[k].summary.value, by_starts.starts[k].summary.value * (1.0 + 1e-5))
          << kind;
      EXPECT_GT(by_hops.starts[k].summary.evaluations, by_starts.starts[k].summary.evaluations);
      EXPECT_TRUE(kind != 2 || by_hops.starts[k].model.b.isZero(0.0));
    }
  }
}

TEST(HoppingTraining, RefusesWhatItCannotCompare) {
  const Features features = Features::uniform(5, 0.1);
  Options options = hopping(1, 8);
  EXPECT_THROW(validate(options, features, 2), std::invalid_argument);  // an octagon of 5 features
  options.configurations = {polygon(5)};
  EXPECT_NO_THROW(validate(options, features, 2));
  EXPECT_THROW(validate(options, features, 3), std::invalid_argument);
  options.optimizer = OptimizerKind::adam;
  EXPECT_THROW(validate(options, features, 2), std::invalid_argument);
  options.optimizer = OptimizerKind::lbfgs;
  options.patience = 0;
  EXPECT_THROW(validate(options, features, 2), std::invalid_argument);
}

Minimum of_count(Index count) {
  Minimum minimum;
  minimum.models.resize(static_cast<std::size_t>(count));
  return minimum;
}

TEST(UnseenMinima, AreEstimatedByThoseSeenOnce) {
  const std::vector<Minimum> minima{of_count(4), of_count(2), of_count(1), of_count(2)};
  const Unseen found = unseen(minima, 10);  // one ended nowhere
  EXPECT_EQ(found.best, 4u);
  EXPECT_EQ(found.once, 2u);
  EXPECT_DOUBLE_EQ(found.probability, 0.2);
  EXPECT_DOUBLE_EQ(found.standard_error, std::sqrt(2.0 * 0.8 + 4.0) / 10.0);
  EXPECT_NEAR(std::pow(1.0 - found.detectable, 10.0), 0.05, 1e-12);
  EXPECT_TRUE(seen_enough(found, 0.2));
  EXPECT_FALSE(seen_enough(found, 0.19));
  EXPECT_EQ(unseen({}, 0).probability, 1.0);
  EXPECT_FALSE(seen_enough(unseen(std::vector<Minimum>{of_count(1)}, 1), 1.0));
}

// Its expectation is that of what the next start adds, and its error the spread, for a law of
// minima that is known: p_k ∝ 1/k, k ≤ 30.
TEST(UnseenMinima, AgreeWithAKnownLaw) {
  std::vector<double> law(30);
  for (std::size_t k = 0; k < law.size(); ++k) law[k] = 1.0 / static_cast<double>(k + 1);
  std::discrete_distribution<std::size_t> draw(law.begin(), law.end());
  const std::vector<double> p = draw.probabilities();
  std::mt19937_64 random(3);
  double bias = 0.0, squares = 0.0, claimed = 0.0;
  constexpr int runs = 2000, starts = 40;
  for (int run = 0; run < runs; ++run) {
    std::vector<Index> counts(p.size(), 0);
    for (int k = 0; k < starts; ++k) ++counts[draw(random)];
    std::vector<Minimum> minima;
    double missing = 0.0;
    for (std::size_t k = 0; k < p.size(); ++k) {
      if (counts[k] > 0)
        minima.push_back(of_count(counts[k]));
      else
        missing += p[k];
    }
    const Unseen found = unseen(minima, starts);
    bias += found.probability - missing;
    squares += std::pow(found.probability - missing, 2.0);
    claimed += std::pow(found.standard_error, 2.0);
  }
  EXPECT_NEAR(bias / runs, 0.0, 0.01);  // of some .25
  EXPECT_NEAR(claimed / squares, 1.0, 0.25);
}

}  // namespace
}  // namespace skeleta::training
