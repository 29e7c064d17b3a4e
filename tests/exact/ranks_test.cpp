// Exact losses whose rows are shared by ranks: the bits of one process.
#include <gtest/gtest.h>

#include <random>

#include "ranks.h"
#include "skeleta/exact/dictionary.h"
#include "skeleta/exact/loss.h"
#include "support.h"

namespace skeleta::exact {
namespace {

using testing::ThreadRanks;

struct Found {
  Loss loss;
  Gradient gradient;
  IntegralBySkeleton parts;
};

Found evaluate(const Autoencoder& model, const Features& features, int threads,
               ErrorControl control) {
  Options options;
  options.threads = threads;
  options.error_control = control;
  options.relative_target = 1e-6;
  Found found;
  Evaluator evaluator(features, options);
  found.loss = evaluator.loss_and_gradient(model, found.gradient);
  found.parts = evaluator.skeleton_loss(model);
  return found;
}

void expect_same(const Found& a, const Found& b) {
  EXPECT_EQ(a.loss.value, b.loss.value);
  EXPECT_EQ(a.loss.error_bound, b.loss.error_bound);
  EXPECT_EQ(a.loss.gradient_error, b.loss.gradient_error);
  EXPECT_EQ(a.loss.nodes, b.loss.nodes);
  EXPECT_EQ(a.gradient.dW, b.gradient.dW);
  EXPECT_EQ(a.gradient.dW_out, b.gradient.dW_out);
  EXPECT_EQ(a.gradient.db, b.gradient.db);
  ASSERT_EQ(a.parts.skeletons.size(), b.parts.skeletons.size());
  for (std::size_t l = 0; l < a.parts.skeletons.size(); ++l) {
    EXPECT_EQ(a.parts.skeletons[l].contribution, b.parts.skeletons[l].contribution);
  }
}

TEST(RanksOfExact, ShareTheRowsOfPlainFeatures) {
  std::mt19937_64 random(3);
  const Autoencoder model = testing::random_model(40, 9, random);
  const Features features = testing::random_features(40, 0.2, random);
  for (const ErrorControl control : {ErrorControl::rigorous, ErrorControl::estimated}) {
    const Found alone = evaluate(model, features, 2, control);
    for (const int size : {2, 3, 5}) {
      ThreadRanks(size).run([&](Ranks& ranks) {
        const auto before = ranks.traffic().exchanges;
        expect_same(evaluate(model, features, 1 + ranks.rank(), control), alone);
        EXPECT_GT(ranks.traffic().exchanges, before + 4);
      });
    }
  }
}

TEST(RanksOfExact, ShareTheRowsOfOtherLawsAndModels) {
  std::mt19937_64 random(4);
  Autoencoder model = testing::random_model(12, 4, random);
  model.W_out = 0.5 * Matrix::Random(12, 4);
  model.noise = 0.2;
  const Features features = testing::random_features(12, 0.2, random);
  const Found alone = evaluate(model, features, 2, ErrorControl::rigorous);
  ThreadRanks(3).run(
      [&](Ranks&) { expect_same(evaluate(model, features, 1, ErrorControl::rigorous), alone); });
}

TEST(RanksOfExact, ShareTheOutputsOfADictionary) {
  std::mt19937_64 random(5);
  const Autoencoder model = testing::random_model(700, 20, random);
  const Features features = testing::random_features(700, 0.02, random);
  const Dictionary dictionary{model.W.cast<float>(), {}, model.b, {}};
  DictionaryOptions options;
  options.skeletons = 3;
  options.relative_target = 1e-3;
  options.neighbours = 3;
  const auto results = [&] {
    std::vector<double> numbers;
    const DictionaryEvaluator evaluator(dictionary, features, options);
    const std::vector<OutputRange> ranges{{0, 128}, {128, 128}, {256, 128}, {384, 128}, {512, 188}};
    evaluator.evaluate_each(ranges, [&](std::size_t k, const OutputFigures& found) {
      numbers.push_back(static_cast<double>(k));
      for (const FeatureFigures& f : found.figures) {
        numbers.insert(numbers.end(), {f.loss, f.error_bound, f.recall, f.interference_variance});
      }
      for (const Neighbour& n : found.neighbours) {
        numbers.insert(numbers.end(), {static_cast<double>(n.feature), n.share});
      }
      numbers.insert(numbers.end(), found.by_count.begin(), found.by_count.end());
    });
    return numbers;
  };
  const std::vector<double> alone = results();
  for (const int size : {2, 3, 8}) {  // fewer ranges than ranks: they share the blocks
    ThreadRanks(size).run([&](Ranks&) { EXPECT_EQ(results(), alone) << size << " ranks"; });
  }
}

}  // namespace
}  // namespace skeleta::exact
