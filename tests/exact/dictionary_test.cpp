#include "skeleta/exact/dictionary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "exact/spread.h"
#include "skeleta/exact/loss.h"
#include "support.h"

namespace skeleta::exact {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// Columns of different norms, among them a dead one, two equal ones and a tiny one.
Dictionary dictionary_of(Index features, Index hidden, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  Dictionary result{FloatMatrix(hidden, features), {}, Vector(features), {}};
  for (float& w : result.W.reshaped()) w = normal(random) / std::sqrt(static_cast<float>(hidden));
  for (double& b : result.b) b = 0.1 * static_cast<double>(normal(random));
  if (features > 6) {
    result.W.col(2).setZero();
    result.W.col(3) = result.W.col(4);
    result.W.col(5) *= 1e-4f;
  }
  return result;
}

// Densities like 1/rank, Σ p = mean, some of them 0, one 1 if `certain`.
Features features_of(Index count, double mean, bool certain = false) {
  Features features{Vector(count), Vector(count)};
  double sum = 0.0;
  for (Index j = 0; j < count; ++j) sum += features.density(j) = 1.0 / static_cast<double>(j + 2);
  features.density = (features.density * (mean / sum)).cwiseMin(0.6);
  for (Index j = 0; j < count; ++j) features.importance(j) = 1.0 + 0.5 * std::sin(j);
  if (count > 8) features.density(count - 2) = 0.0;
  if (certain) features.density(1) = 1.0;
  return features;
}

Autoencoder model_of(const Dictionary& dictionary) {
  Autoencoder model{dictionary.W.cast<double>(), dictionary.b};
  if (!dictionary.tied()) model.W_out = dictionary.W_out.cast<double>().transpose();
  if (dictionary.jump.size() > 0) {
    model.activation = Activation::jumprelu;
    model.jump = dictionary.jump;
  }
  return model;
}

OutputFigures evaluate(const Dictionary& dictionary, const Features& features,
                       const DictionaryOptions& options = {}) {
  return DictionaryEvaluator(dictionary, features, options).evaluate(0, features.size());
}

// Every output against the engine that multiplies node by node, to both errors.
void expect_outputs(const Dictionary& dictionary, const Features& features, double target,
                    Index stride = 1) {
  DictionaryOptions options;
  options.relative_target = target;
  const DictionaryEvaluator evaluator(dictionary, features, options);
  const Autoencoder model = model_of(dictionary);
  for (Index i = 0; i < features.size(); i += stride) {
    SCOPED_TRACE(i);
    Features single = features;
    single.importance = Vector::Unit(features.size(), i);
    Options direct;
    direct.relative_target = dictionary.jump.size() > 0 ? target : 0.1 * target;
    direct.refuse_unreachable = false;
    const Loss expected = loss(model, single, direct);
    const FeatureFigures figures = evaluator.evaluate(i, 1).figures.front();
    EXPECT_TRUE(figures.met_target);
    if (features.density(i) > 0.0) {
      EXPECT_LE(figures.error_bound, target * std::max(figures.loss, 1e-6));
    }
    EXPECT_NEAR(figures.loss, expected.value, figures.error_bound + expected.error_bound);
  }
}

TEST(Spread, ReproducesPolynomialsOfDegreeSeven) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> place(-1.0, 1.0);
  Spread spread;
  spread.clear(1.0 / 16.0, 1.0, 2);
  std::vector<double> g(1000), odds(1000);
  for (std::size_t j = 0; j < g.size(); ++j)
    g[j] = place(random), odds[j] = 0.5 + 0.4 * place(random);
  spread_points(g.data(), odds.data(), 1000, 2, spread);
  for (int order = 1; order <= 2; ++order) {
    for (int degree = 0; degree <= 8; ++degree) {
      double expected = 0.0, sum = 0.0;
      for (std::size_t j = 0; j < g.size(); ++j) {
        expected += std::pow(odds[j], order) * std::pow(g[j], degree);
      }
      for (Index m = -spread.origin(); m <= spread.origin(); ++m) {
        sum += spread.order(order)[spread.origin() + m] *
               std::pow(spread.spacing * static_cast<double>(m), degree);
      }
      if (degree <= 7) {
        EXPECT_NEAR(sum, expected, 1e-11) << order << " " << degree;
      } else {
        EXPECT_GT(std::abs(sum - expected), 1e-9);
      }
    }
  }
}

// Re and Im of e^{sg} have eighth derivatives of |s|⁸ at most, and somewhere as large.
TEST(Spread, ErrsByWhatItsBoundSays) {
  Spread spread;
  const double spacing = 0.1;
  double worst = 0.0;
  for (const double frequency : {1.0, 3.0, 8.0}) {
    for (int k = 0; k < 200; ++k) {
      spread.clear(spacing, 1.0, 1);
      const double g = -0.95 + 0.0095 * k, one = 1.0;
      spread_points(&g, &one, 1, 1, spread);
      double re = 0.0, im = 0.0;
      for (Index m = -spread.origin(); m <= spread.origin(); ++m) {
        const double w = spread.order(1)[spread.origin() + m], x = spacing * static_cast<double>(m);
        re += w * std::cos(frequency * x);
        im += w * std::sin(frequency * x);
      }
      const double error = std::hypot(re - std::cos(frequency * g), im - std::sin(frequency * g));
      const double bound = spread_constant * std::pow(frequency * spacing, 8);
      EXPECT_LE(error, bound + 1e-15);
      if (frequency == 8.0) worst = std::max(worst, error / bound);
    }
  }
  EXPECT_GT(worst, 0.8);  // the bound is sharp
}

TEST(Dictionary, AgreesWithTheDirectEngine) {
  for (const double mean : {0.01, 1.0, 8.0}) {
    SCOPED_TRACE(mean);
    expect_outputs(dictionary_of(60, 12, 2), features_of(60, mean), 1e-5);
  }
}

// Where most features are rare, and given to the grid.
TEST(Dictionary, AgreesWithItWithAGrid) {
  for (const double mean : {0.1, 2.0, 12.0}) {
    SCOPED_TRACE(mean);
    const Dictionary dictionary = dictionary_of(1200, 20, 17);
    const Features features = features_of(1200, mean);
    const DictionaryEvaluator evaluator(dictionary, features, {});
    EXPECT_LT(evaluator.frequent(), 400);
    for (const double target : {1e-2, 1e-4, 1e-7})
      expect_outputs(dictionary, features, target, 397);
  }
}

TEST(Dictionary, AgreesWithItToTenDigits) {
  expect_outputs(dictionary_of(64, 20, 3), features_of(64, 6.0), 1e-9, 7);
}

TEST(Dictionary, KnowsFeaturesThatAreAlwaysActive) {
  expect_outputs(dictionary_of(40, 8, 4), features_of(40, 5.0, true), 1e-5);
}

TEST(Dictionary, IsRightForTheSmallest) {
  for (const Index count : {1, 2, 3}) {
    SCOPED_TRACE(count);
    expect_outputs(dictionary_of(count, 2, 5), features_of(count, 0.5), 1e-4);
  }
}

// Each output reads its own feature alone, and all points of its grid are at 0.
TEST(Dictionary, KnowsOrthogonalFeatures) {
  for (const double mean : {0.2, 10.0}) {
    SCOPED_TRACE(mean);
    Dictionary dictionary{FloatMatrix::Identity(400, 400), {}, Vector::Constant(400, 0.1), {}};
    Features features = Features::uniform(400, mean / 400);
    const double p = mean / 400, ramp = 0.9 * 0.9 / 2.0 - 0.9 * 0.9 * 0.9 / 6.0;
    const double expected = 400 * p * (1.0 / 3.0 - 2.0 * ramp + 0.9 * 0.9 * 0.9 / 3.0);
    EXPECT_NEAR(evaluate(dictionary, features).figures.front().loss, expected / 400,
                1e-4 * expected / 400);
    const DictionaryGradient found =
        DictionaryEvaluator(dictionary, features, {}).loss_and_gradient(0, 64);
    EXPECT_NEAR(found.loss, expected * 64 / 400, 1e-4 * expected);
    EXPECT_NEAR(found.db(0), 2.0 * p * (0.99 / 2.0 - 0.81 / 2.0), 1e-3 * p);
  }
}

// Rare features that their outputs tell so well that little is lost: next to that, orders of Λ
// matter that are nothing beside most outputs' losses.
TEST(Dictionary, KeepsEnoughOrdersWhereLittleIsLost) {
  Dictionary dictionary = dictionary_of(1500, 20, 1);
  dictionary.W.row(0).array() += 0.5f;
  dictionary.b.setConstant(3.0);
  Features features = Features::uniform(1500, 0.0);
  for (Index j = 0; j < 1500; ++j) features.density(j) = std::pow(static_cast<double>(j + 2), -1.3);
  features.density = (features.density * (8.0 / features.density.sum())).cwiseMin(0.5);
  DictionaryOptions options;
  options.relative_target = 1e-3;
  const DictionaryEvaluator evaluator(dictionary, features, options);
  EXPECT_LT(evaluator.frequent(), 100);
  for (const FeatureFigures& figures : evaluator.evaluate(0, 1500).figures) {
    EXPECT_TRUE(figures.met_target);
  }
  expect_outputs(dictionary, features, 1e-3, 499);
}

// 1 − Π (1 − p) is 0 in double precision, and the others disturb all the same.
TEST(Dictionary, KnowsDensitiesFarBelowEpsilon) {
  const Dictionary dictionary{FloatMatrix::Ones(1, 2), {}, Vector::Zero(2), {}};
  for (const double p : {1e-15, 1e-17, 1e-300}) {
    const FeatureFigures figures = evaluate(dictionary, Features::uniform(2, p)).figures.front();
    EXPECT_NEAR(figures.loss, p / 3.0, 1e-3 * p);
    EXPECT_NEAR(figures.false_activation, p, 1e-2 * p);
  }
}

// Recall is a number, also of a feature that is never active.
TEST(Dictionary, RecallsWhatIsNeverThere) {
  Dictionary dictionary{FloatMatrix(2, 2), {}, Vector::Constant(2, 0.2), {}};
  dictionary.W << 1.0f, 0.5f, 0.0f, 1.0f;
  Features features = Features::uniform(2, 0.3);
  features.density(0) = 0.0;
  // P(u + v/2 > .2) = 1 − .04, v active, and .8 if not.
  const FeatureFigures figures = evaluate(dictionary, features).figures.front();
  EXPECT_NEAR(figures.recall, 0.7 * 0.8 + 0.3 * 0.96, 1e-3);
}

// W = ½: the loss is (9/16) p/3 + (3/4) p c + c² for c < 0.
TEST(Dictionary, FitsTheThresholdOfASingleFeature) {
  const Dictionary dictionary{FloatMatrix::Constant(1, 1, 0.5f), {}, Vector::Zero(1), {}};
  DictionaryOptions options;
  options.fit_thresholds = true;
  const double p = 0.1, best = -0.75 * p / 2.0;
  const FeatureFigures figures = evaluate(dictionary, Features::uniform(1, p), options).figures[0];
  EXPECT_NEAR(figures.threshold, best, 1e-3);
  EXPECT_NEAR(figures.loss, 9.0 / 16.0 * p / 3.0 - best * best, 1e-6);
}

TEST(Dictionary, KnowsUntiedReaders) {
  Dictionary dictionary = dictionary_of(50, 10, 6);
  dictionary.W_out = 1.2f * dictionary.W;
  dictionary.W_out.col(7) = -dictionary.W.col(9);
  dictionary.W_out.col(8).setZero();
  expect_outputs(dictionary, features_of(50, 3.0), 1e-5);
}

TEST(Dictionary, KnowsThresholdsFarFromAllOfZ) {
  Dictionary dictionary = dictionary_of(40, 10, 7);
  dictionary.b << Vector::LinSpaced(20, -60.0, -3.0), Vector::LinSpaced(20, 3.0, 60.0);
  const Features features = features_of(40, 3.0);
  expect_outputs(dictionary, features, 1e-5);
  dictionary.b(0) = 1e200;
  const FeatureFigures never = evaluate(dictionary, features).figures.front();
  EXPECT_TRUE(never.met_target);
  EXPECT_NEAR(never.loss, features.density(0) / 3.0, never.error_bound);
  EXPECT_LE(never.error_bound, 1e-4 * never.loss);
}

TEST(Dictionary, KnowsWeightsAtTheEndsOfSinglePrecision) {
  for (const float unit : {1e-15f, 1e15f}) {
    SCOPED_TRACE(unit);
    Dictionary dictionary = dictionary_of(1200, 10, 21);
    dictionary.W *= unit;
    dictionary.b.setZero();
    expect_outputs(dictionary, features_of(1200, 3.0), 1e-4, 701);
  }
}

TEST(Dictionary, KnowsDataThatIsAlwaysZero) {
  Dictionary dictionary = dictionary_of(10, 3, 22);
  dictionary.b << Vector::Zero(5), Vector::Constant(5, -0.2);
  Features features = features_of(10, 1.0);
  features.density.setZero();
  const OutputFigures result = evaluate(dictionary, features);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_NEAR(result.figures[i].loss, i < 5 ? 0.0 : 0.04, 1e-12);
    EXPECT_EQ(result.figures[i].false_activation, i < 5 ? 0.0 : 1.0);
  }
}

TEST(Dictionary, KnowsJumps) {
  Dictionary dictionary = dictionary_of(40, 10, 8);
  dictionary.jump = Vector::Constant(40, 0.15);
  expect_outputs(dictionary, features_of(40, 6.0), 1e-4);
}

// By a power of two, to the bit.
TEST(Dictionary, DoesNotDependOnTheScaleOfItsReaders) {
  Dictionary dictionary = dictionary_of(40, 10, 9);
  dictionary.W_out = dictionary.W;
  const Features features = features_of(40, 3.0);
  const FeatureFigures before = evaluate(dictionary, features).figures[9];
  for (const double unit : {0x1p-40, 0x1p40}) {
    Dictionary scaled = dictionary;
    scaled.W_out *= static_cast<float>(unit);
    scaled.b *= unit;
    const FeatureFigures after = evaluate(scaled, features).figures[9];
    EXPECT_NEAR(after.false_activation, before.false_activation,
                after.detection_error + before.detection_error);
    EXPECT_NEAR(after.recall, before.recall, 1e-3);
    EXPECT_DOUBLE_EQ(after.interference_variance, unit * unit * before.interference_variance);
  }
}

void expect_split(const Dictionary& dictionary, double direct_target) {
  const Index count = dictionary.features();
  const Features features = features_of(count, 2.0);
  DictionaryOptions options;
  options.relative_target = 1e-5;
  options.skeletons = count;
  const OutputFigures result = evaluate(dictionary, features, options);
  Options direct;
  direct.relative_target = direct_target;
  const IntegralBySkeleton expected = skeleton_loss(model_of(dictionary), features, direct);
  double error = direct.relative_target * expected.value, sum = 0.0;
  for (Index i = 0; i < count; ++i) {
    const FeatureFigures& figures = result.figures[static_cast<std::size_t>(i)];
    error += features.importance(i) * figures.error_bound;
    sum += features.importance(i) * figures.loss;
  }
  for (const SkeletonPart& part : expected.skeletons) {
    EXPECT_NEAR(result.by_count(part.l), part.contribution, error) << part.l;
  }
  EXPECT_NEAR(result.by_count.sum(), sum, error);
  EXPECT_GT(expected.skeletons[3].contribution, 10.0 * error);
}

TEST(Dictionary, SplitsByTheNumberOfActiveFeatures) {
  expect_split(dictionary_of(24, 8, 10), 1e-7);
}

TEST(Dictionary, SplitsLossesOfJumps) {
  Dictionary dictionary = dictionary_of(7, 3, 18);
  dictionary.jump = Vector::Constant(7, 0.1);
  expect_split(dictionary, 1e-3);
}

// 95 % of sampled figures within two standard errors would do; all within five are asked.
TEST(Dictionary, DetectsWhatSamplesDo) {
  Dictionary dictionary = dictionary_of(30, 8, 11);
  dictionary.jump = Vector::Constant(30, 0.05);
  const Features features = features_of(30, 3.0);
  const OutputFigures result = evaluate(dictionary, features);
  const Matrix A = (dictionary.W.transpose() * dictionary.W).cast<double>();
  std::mt19937_64 random(12);
  std::uniform_real_distribution<double> uniform;
  constexpr int samples = 200'000;
  Vector alarms = Vector::Zero(30), hits = alarms, active = alarms, x(30);
  for (int n = 0; n < samples; ++n) {
    for (Index j = 0; j < 30; ++j) {
      x(j) = uniform(random) < features.density(j) ? uniform(random) : 0.0;
    }
    const Vector z = A * x;
    for (Index i = 0; i < 30; ++i) {
      const bool above = z(i) > dictionary.b(i) + dictionary.jump(i);
      if (x(i) > 0.0) {
        active(i) += 1.0;
        hits(i) += above;
      } else {
        alarms(i) += above;
      }
    }
  }
  for (Index i = 0; i < 30; ++i) {
    SCOPED_TRACE(i);
    const FeatureFigures& figures = result.figures[static_cast<std::size_t>(i)];
    const auto expect = [&](double value, double count, double of, double error) {
      if (of < 100.0) return;
      const double spread = std::sqrt(std::max(value * (1.0 - value), 1.0 / of) / of);
      EXPECT_NEAR(value, count / of, 5.0 * spread + error);
    };
    expect(figures.false_activation, alarms(i), samples, figures.detection_error);
    expect(figures.recall, hits(i), active(i), figures.detection_error / features.density(i));
    EXPECT_LT(figures.detection_error, 2e-3);
    if (figures.precision > 0.0) {
      const double both = figures.false_activation + features.density(i) * figures.recall;
      EXPECT_DOUBLE_EQ(figures.precision, features.density(i) * figures.recall / both);
    }
  }
}

TEST(Dictionary, NamesWhoDisturbs) {
  const Dictionary dictionary = dictionary_of(40, 10, 13);
  const Features features = features_of(40, 3.0);
  DictionaryOptions options;
  options.neighbours = 3;
  const OutputFigures result = evaluate(dictionary, features, options);
  const Matrix A = (dictionary.W.transpose() * dictionary.W).cast<double>();
  for (Index i = 0; i < 40; ++i) {
    Vector share(40);
    double mean = 0.0;
    for (Index j = 0; j < 40; ++j) {
      const double p = features.density(j);
      share(j) = j == i ? 0.0 : p * (1.0 / 3.0 - 0.25 * p) * A(i, j) * A(i, j);
      if (j != i) mean += 0.5 * p * A(i, j);
    }
    const FeatureFigures& figures = result.figures[static_cast<std::size_t>(i)];
    EXPECT_NEAR(figures.interference_mean, mean, 1e-6);
    EXPECT_NEAR(figures.interference_variance, share.sum(), 1e-6 * share.sum());
    if (i == 2) {  // reads nothing
      EXPECT_EQ(result.neighbours[static_cast<std::size_t>(3 * i)].feature, -1);
      continue;
    }
    Index first = 0;
    const double most = share.maxCoeff(&first);
    const Neighbour& neighbour = result.neighbours[static_cast<std::size_t>(3 * i)];
    if (i != 3 && i != 4) {
      EXPECT_EQ(neighbour.feature, first);
    }
    EXPECT_NEAR(neighbour.share, most / share.sum(), 1e-5);
    EXPECT_GE(neighbour.share, result.neighbours[static_cast<std::size_t>(3 * i + 1)].share);
  }
}

TEST(Dictionary, HasTheSameBitsForAnyThreadsAndCalls) {
  const Dictionary dictionary = dictionary_of(150, 10, 14);
  const Features features = features_of(150, 3.0);
  DictionaryOptions options;
  options.skeletons = 8;
  const OutputFigures whole = evaluate(dictionary, features, options);
  options.threads = 3;
  const DictionaryEvaluator evaluator(dictionary, features, options);
  const Index step = DictionaryEvaluator::block_rows();
  for (Index first = 0; first < 150; first += step) {
    const OutputFigures part = evaluator.evaluate(first, std::min(step, 150 - first));
    for (std::size_t k = 0; k < part.figures.size(); ++k) {
      const FeatureFigures& expected = whole.figures[static_cast<std::size_t>(first) + k];
      EXPECT_EQ(part.figures[k].loss, expected.loss);
      EXPECT_EQ(part.figures[k].error_bound, expected.error_bound);
      EXPECT_EQ(part.figures[k].false_activation, expected.false_activation);
      EXPECT_EQ(part.figures[k].recall, expected.recall);
    }
  }
}

// Also what the grid has to say of it.
TEST(Dictionary, SplitsWithAGrid) {
  const Dictionary dictionary = dictionary_of(1200, 20, 19);
  const Features features = features_of(1200, 3.0);
  DictionaryOptions options;
  options.skeletons = 40;
  const DictionaryEvaluator evaluator(dictionary, features, options);
  const OutputFigures result = evaluator.evaluate(7, 1);
  Features single = features;
  single.importance = Vector::Unit(1200, 7);
  const double error = features.importance(7) * result.figures.front().error_bound;
  for (const SkeletonPart& part : skeleton_loss(model_of(dictionary), single, {}).skeletons) {
    if (part.l > 12) break;
    EXPECT_NEAR(result.by_count(part.l), features.importance(7) * part.contribution, error);
  }
  EXPECT_GT(result.by_count(3), 100.0 * error);
}

// Against the losses of all thresholds on a fine grid.
TEST(Dictionary, FitsThresholds) {
  Dictionary dictionary = dictionary_of(20, 6, 20);
  const Features features = features_of(20, 2.0);
  DictionaryOptions options;
  options.fit_thresholds = true;
  const OutputFigures fitted = evaluate(dictionary, features, options);
  std::vector<double> least(20, INFINITY);
  for (int k = -40; k <= 100; ++k) {
    dictionary.b.setConstant(0.015 * k);
    const OutputFigures here = evaluate(dictionary, features);
    for (std::size_t i = 0; i < 20; ++i) least[i] = std::min(least[i], here.figures[i].loss);
  }
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_LE(fitted.figures[i].loss, least[i] * (1.0 + 1e-3) + 1e-12) << i;
    dictionary.b(static_cast<Index>(i)) = fitted.figures[i].threshold;
  }
  const OutputFigures again = evaluate(dictionary, features);
  for (std::size_t i = 0; i < 20; ++i) {
    const FeatureFigures &a = again.figures[i], &b = fitted.figures[i];
    EXPECT_NEAR(a.loss, b.loss, a.error_bound + b.error_bound);
  }
}

// Jumps make several minima of a loss, and the loss jumps itself where silence becomes an answer.
TEST(Dictionary, FitsThresholdsOfJumps) {
  for (std::uint64_t seed = 9; seed < 18; ++seed) {
    SCOPED_TRACE(seed);
    Dictionary dictionary = dictionary_of(6, 3, 100 + seed);
    dictionary.jump = Vector::Constant(6, 0.05 * static_cast<double>(seed % 12));
    const Features features = features_of(6, 1.0);
    DictionaryOptions options;
    options.fit_thresholds = true;
    const OutputFigures fitted = evaluate(dictionary, features, options);
    std::vector<double> least(6, INFINITY);
    for (int k = -100; k <= 300; ++k) {
      dictionary.b.setConstant(0.005 * k);
      const OutputFigures here = evaluate(dictionary, features);
      for (std::size_t i = 0; i < 6; ++i) least[i] = std::min(least[i], here.figures[i].loss);
    }
    for (std::size_t i = 0; i < 6; ++i) {
      EXPECT_LE(fitted.figures[i].loss, 1.01 * least[i]) << i;
    }
  }
}

TEST(Dictionary, NodesFollowTheTarget) {
  const Dictionary dictionary = dictionary_of(64, 20, 15);
  const Features features = features_of(64, 8.0);
  Index before = 0;
  for (const double target : {1e-2, 1e-5, 1e-8}) {
    DictionaryOptions options;
    options.relative_target = target;
    Index nodes = 0;
    for (const FeatureFigures& figures : evaluate(dictionary, features, options).figures) {
      nodes += figures.nodes;
    }
    EXPECT_GT(nodes, before);
    before = nodes;
  }
}

// To the error it says, and to the one that was asked for.
void expect_gradient(const Dictionary& dictionary, const Features& features, double target) {
  DictionaryOptions options;
  options.gradient_target = target;
  const DictionaryGradient found =
      DictionaryEvaluator(dictionary, features, options).loss_and_gradient(0, features.size());
  Options direct;
  direct.gradient_target = 1e-2 * target;
  direct.error_control = ErrorControl::estimated;
  direct.refuse_unreachable = false;
  const LossAndGradient expected = loss_and_gradient(model_of(dictionary), features, direct);
  EXPECT_NEAR(found.loss, expected.loss.value, found.error_bound + expected.loss.error_bound);
  const double error = found.gradient_error + expected.loss.gradient_error;
  const double scale = std::sqrt(found.loss) * features.importance.maxCoeff();
  EXPECT_LE(found.gradient_error, 4.0 * target * scale * features.density.norm() + target * scale);
  EXPECT_LE((found.db - expected.db).norm(), error);
  const double norm = dictionary.W.cast<double>().norm();
  EXPECT_LE((found.dW - expected.dW).norm(), 2.0 * norm * error);
  if (dictionary.tied()) return;
  EXPECT_LE((found.dW_out - expected.dW_out.transpose()).norm(), norm * error);
}

TEST(Dictionary, DifferentiatesAsTheDirectEngine) {
  for (const double mean : {0.01, 1.0, 8.0}) {
    SCOPED_TRACE(mean);
    Dictionary dictionary = dictionary_of(60, 12, 2);
    expect_gradient(dictionary, features_of(60, mean), 1e-4);
    dictionary.b.array() -= 0.5;
    expect_gradient(dictionary, features_of(60, mean, true), 1e-4);
    dictionary.b.array() += 40.0;  // never active
    expect_gradient(dictionary, features_of(60, mean), 1e-4);
    dictionary.b.array() -= 80.0;  // always
    expect_gradient(dictionary, features_of(60, mean), 1e-4);
    dictionary.W.setZero();
    expect_gradient(dictionary, features_of(60, mean), 1e-4);
  }
}

TEST(Dictionary, DifferentiatesAsItWithAGrid) {
  for (const auto& [count, mean] : {std::pair{600, 0.2}, std::pair{1200, 12.0}}) {
    SCOPED_TRACE(mean);
    Dictionary dictionary = dictionary_of(count, 20, 17);
    const Features features = features_of(count, mean);
    ASSERT_LT(DictionaryEvaluator(dictionary, features, {}).frequent(), count / 4);
    expect_gradient(dictionary, features, 1e-3);
    dictionary.W_out = dictionary_of(count, 20, 18).W + dictionary.W;
    expect_gradient(dictionary, features, 1e-3);
  }
}

TEST(Dictionary, DerivativesHaveTheSameBitsForAnyThreadsAndAddUp) {
  const Dictionary dictionary = dictionary_of(1200, 20, 5);
  const Features features = features_of(1200, 12.0);
  const auto gradient = [&](Index first, Index count, int threads) {
    DictionaryOptions options;
    options.threads = threads;
    return DictionaryEvaluator(dictionary, features, options).loss_and_gradient(first, count);
  };
  const DictionaryGradient one = gradient(0, 600, 1), three = gradient(0, 600, 3);
  EXPECT_EQ(one.loss, three.loss);
  EXPECT_EQ(one.dW, three.dW);
  EXPECT_EQ(one.db, three.db);
  EXPECT_EQ(one.gradient_error, three.gradient_error);
  const DictionaryGradient low = gradient(0, 130, 1), high = gradient(130, 470, 1);
  EXPECT_NEAR(low.loss + high.loss, one.loss, 1e-6 * one.loss);
  EXPECT_TRUE((low.dW + high.dW).isApprox(one.dW, 1e-4));
  EXPECT_TRUE((low.db + high.db).isApprox(one.db, 1e-4));
}

TEST(Dictionary, RefusesWhatItDoesNotKnow) {
  const Dictionary dictionary = dictionary_of(4, 2, 16);
  const Features features = features_of(4, 1.0);
  const auto with = [&](const Dictionary& other, const Features& data, DictionaryOptions options) {
    return [=] { DictionaryEvaluator(other, data, options); };
  };
  Dictionary wrong = dictionary;
  wrong.W(1, 2) = NAN;
  EXPECT_THAT(with(wrong, features, {}),
              ThrowsMessage<std::invalid_argument>(HasSubstr("W(1, 2) is nan")));
  wrong = dictionary;
  wrong.W_out = FloatMatrix::Zero(4, 2);
  EXPECT_THAT(with(wrong, features, {}),
              ThrowsMessage<std::invalid_argument>(HasSubstr("W_out is 4 x 2, but W is 2 x 4")));
  wrong = dictionary;
  wrong.jump = Vector::Constant(4, -1.0);
  EXPECT_THAT(with(wrong, features, {}),
              ThrowsMessage<std::invalid_argument>(HasSubstr("jump(0) is -1")));
  EXPECT_THAT(with(dictionary, features_of(5, 1.0), {}),
              ThrowsMessage<std::invalid_argument>(HasSubstr("5")));
  wrong = dictionary;
  wrong.W *= 1e30f;
  EXPECT_THAT(with(wrong, features, {}),
              ThrowsMessage<std::invalid_argument>(HasSubstr("above 1e+45: scale W")));
  EXPECT_THAT(with(dictionary, features, {.relative_target = 0.5}),
              ThrowsMessage<std::invalid_argument>(HasSubstr("relative target = 0.5")));
  Dictionary jumping = dictionary;
  jumping.jump = Vector::Constant(4, 0.1);
  EXPECT_THAT([&] { DictionaryEvaluator(jumping, features, {}).loss_and_gradient(0, 4); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("leave the jumps")));
}

// Outputs that read themselves alone are closed forms, which have their rounding too.
TEST(Dictionary, MeetsItsTargetOrSaysNot) {
  Dictionary dictionary{FloatMatrix::Identity(2, 2), {}, Vector::Zero(2), Vector{{0.01, 0.0}}};
  DictionaryOptions options;
  options.relative_target = 1e-12;
  const Features features{Vector{{0.9, 0.5}}, Vector::Ones(2)};
  for (const FeatureFigures& output : evaluate(dictionary, features, options).figures) {
    const double floor = 1e-6 * 0.9 / 3.0;
    EXPECT_EQ(output.met_target, output.error_bound <= 1e-12 * std::max(output.loss, floor))
        << output.error_bound << " of " << output.loss;
  }
}

}  // namespace
}  // namespace skeleta::exact
