#include "skeleta/training/sweep.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace skeleta::training {
namespace {

SweepPlan two_features() {
  SweepPlan plan;
  plan.features = {2};
  plan.hidden = {1};
  plan.density = {0.02, 0.1, 0.5, 1.0};
  plan.importance_decay = {0.1, 1.0};
  plan.training.starts = 10;
  return plan;
}

std::vector<CellResult> run(const SweepPlan& plan, std::vector<std::size_t> finished = {}) {
  std::vector<CellResult> results;
  EXPECT_TRUE(sweep(plan, finished, [&](const CellResult& result) {
    results.push_back(result);
    return true;
  }));
  return results;
}

TEST(Sweep, CellsAreAllCombinationsInOrder) {
  SweepPlan plan = two_features();
  plan.seed = {7, 8, 9};
  const auto cells = cells_of(plan);
  ASSERT_EQ(cells.size(), 4u * 2u * 3u);
  for (std::size_t k = 0; k < cells.size(); ++k) EXPECT_EQ(cells[k].index, k);
  EXPECT_EQ(cells[1].seed, 8u);
  EXPECT_EQ(cells[3].importance_decay, 1.0);
  EXPECT_EQ(cells[6].density, 0.1);
  const Features features = features_of({}, {0, 3, 1, 0.2, 0.5});
  EXPECT_EQ(features.importance, Eigen::Vector3d(1.0, 0.5, 0.25));
  EXPECT_EQ(features.density, Eigen::Vector3d::Constant(0.2));
}

// Two features in one dimension. Known models bound the minimum: the first feature kept, the second
// answered by its mean, v_2 (p/3 − p²/4); both kept as an antipodal pair, (v_1 + v_2) p²/6. For p =
// .1 and .5 with v = (1, 1) the minima are certified by branch and bound: .0033194839, .076282446.
TEST(Sweep, TwoFeaturesInOneDimensionHaveTheirPhases) {
  for (const CellResult& result : run(two_features())) {
    const double p = result.cell.density, v = result.cell.importance_decay;
    const double ignored = v * (p / 3.0 - p * p / 4.0), antipodal = (1.0 + v) * p * p / 6.0;
    EXPECT_LE(result.best.loss.value, std::min(ignored, antipodal) * (1.0 + 1e-9)) << p << " " << v;
    EXPECT_EQ(result.failed, 0u);
    if (antipodal < 0.5 * ignored) {
      EXPECT_EQ(result.phase.represented, 2) << p << " " << v;
      // Of two features on a line one is as good as the dimension that the other leaves.
      EXPECT_NEAR(result.phase.dimensionality.sum(), 1.0, 1e-12) << p << " " << v;
      EXPECT_EQ(result.phase.label, "2 x 1/2") << p << " " << v;
    }
    if (ignored < 0.5 * antipodal) {
      EXPECT_EQ(result.phase.represented, 1) << p << " " << v;
      EXPECT_TRUE(v == 1.0 || result.phase.is_represented[0]);  // either one if they are alike
    }
    if (v == 1.0 && p == 0.1) {
      EXPECT_NEAR(result.best.loss.value, 0.0033194839, 1e-10);
    }
    if (v == 1.0 && p == 0.5) {
      EXPECT_NEAR(result.best.loss.value, 0.076282446, 1e-9);
    }
  }
}

TEST(Sweep, GoesOnWhereItWasStoppedWithTheSameBits) {
  SweepPlan plan = two_features();
  plan.training.threads = 1;
  const auto whole = run(plan);
  plan.training.threads = 3;
  std::vector<CellResult> parts;
  std::vector<std::size_t> finished;
  EXPECT_FALSE(sweep(plan, finished, [&](const CellResult& result) {
    parts.push_back(result);
    finished.push_back(result.cell.index);
    return parts.size() < 3;
  }));
  for (CellResult& result : run(plan, finished)) parts.push_back(std::move(result));
  ASSERT_EQ(parts.size(), whole.size());
  for (std::size_t k = 0; k < whole.size(); ++k) {
    EXPECT_EQ(parts[k].cell.index, k);
    EXPECT_EQ(parts[k].best.loss.value, whole[k].best.loss.value);
    EXPECT_EQ(parts[k].best.model.W, whole[k].best.model.W);
    EXPECT_EQ(parts[k].minima.size(), whole[k].minima.size());
  }
}

TEST(Sweep, CellsAreTrainingsOfTheirOwn) {
  SweepPlan plan = two_features();
  plan.density = {0.3};
  plan.importance_decay = {0.5};
  plan.objective = {ObjectiveKind::k_sparse};
  plan.seed = {1, 2};
  const auto results = run(plan);
  ASSERT_EQ(results.size(), 2u);
  Options options = plan.training;
  options.objective = ObjectiveKind::k_sparse;
  options.seed = 2;
  Features features = Features::uniform(2, 0.3);
  features.importance(1) = 0.5;
  const Training training = train(features, 1, options);
  EXPECT_EQ(results[1].best.model.W, training.best()->model.W);
  EXPECT_NE(results[0].best.model.W, training.best()->model.W);
}

// The loss on one active feature ends at several minima; the one of least whole loss is another.
TEST(Sweep, CellsHaveTheLeastOfWhatIsMinimised) {
  SweepPlan plan;
  plan.features = {8};
  plan.hidden = {2};
  plan.density = {0.3};
  plan.objective = {ObjectiveKind::one_sparse};
  plan.training.starts = 20;
  const CellResult cell = run(plan).front();
  Options options = plan.training;
  options.objective = ObjectiveKind::one_sparse;
  const Training training = train(Features::uniform(8, 0.3), 2, options);
  double least = 1e9;
  for (const TrainedModel& end : training.starts) least = std::min(least, end.summary.value);
  EXPECT_LE(cell.best.summary.value, least * (1.0 + 1e-6));
  EXPECT_GT(training.best()->summary.value, least * (1.0 + 1e-3));
  EXPECT_GT(cell.best.loss.value, training.best()->loss.value);
}

// By the rule of a training that is asked after every ten starts.
TEST(Sweep, CellsEndWhenLittleIsUnseen) {
  SweepPlan plan = two_features();
  plan.density = {0.3};
  plan.importance_decay = {1.0};
  plan.training.starts = 30;
  const auto all = run(plan);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].starts, 30u);
  plan.until_unseen = 0.5;
  const auto settled = run(plan);
  EXPECT_EQ(settled[0].starts, 10u);
  plan.training.starts = 10;
  plan.until_unseen.reset();
  const auto ten = run(plan);
  EXPECT_EQ(settled[0].best.model.W, ten[0].best.model.W);
  ASSERT_EQ(settled[0].minima.size(), ten[0].minima.size());
  EXPECT_EQ(settled[0].minima[0].count(), ten[0].minima[0].count());
  plan.until_unseen = 1.5;
  EXPECT_THROW(run(plan), std::invalid_argument);
}

TEST(Sweep, TrainsUntiedModelsByEveryObjective) {
  SweepPlan plan = two_features();
  plan.density = {0.3};
  plan.importance_decay = {1.0};
  plan.objective = {ObjectiveKind::exact, ObjectiveKind::one_sparse, ObjectiveKind::sampled};
  plan.training.untied = true;
  plan.training.starts = 2;
  plan.training.max_steps = 50;
  const auto results = run(plan);
  ASSERT_EQ(results.size(), 3u);
  Options options = plan.training;
  options.objective = ObjectiveKind::sampled;
  const Training training = train(Features::uniform(2, 0.3), 1, options);
  EXPECT_EQ(results[2].best.model.W_out, training.best()->model.W_out);
  EXPECT_NE(results[2].best.model.W_out, results[2].best.model.W.transpose());
}

TEST(Sweep, ReportsCellsInWhichEveryStartDiverged) {
  SweepPlan plan = two_features();
  plan.density = {0.5};
  plan.importance_decay = {1.0};
  plan.objective = {ObjectiveKind::sampled};
  plan.training.optimizer = OptimizerKind::sgd;
  plan.training.descent.learning_rate = 1e5;
  plan.training.starts = 3;
  const auto results = run(plan);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].best.summary.stop_reason, optimize::DescentStop::non_finite);
}

TEST(Sweep, RefusesPlansThatBreakTheirRules) {
  const auto refused = [](auto change) {
    SweepPlan plan = two_features();
    change(plan);
    EXPECT_THROW(run(plan), std::invalid_argument);
  };
  refused([](SweepPlan& p) { p.features.clear(); });
  refused([](SweepPlan& p) { p.hidden = {0}; });
  refused([](SweepPlan& p) { p.hidden = {3}; });
  refused([](SweepPlan& p) { p.density = {0.5, 0.0}; });
  refused([](SweepPlan& p) { p.density = {NAN}; });
  refused([](SweepPlan& p) { p.importance_decay = {0.0}; });
  refused([](SweepPlan& p) { p.objective.clear(); });
  refused([](SweepPlan& p) { p.seed.clear(); });
  refused([](SweepPlan& p) { p.represented_norm = -1.0; });
  refused([](SweepPlan& p) { p.training.starts = 0; });
  refused([](SweepPlan& p) { p.training.gradient_tolerance = -1.0; });
  EXPECT_THROW(run(two_features(), {8}), std::invalid_argument);
}

TEST(Phase, GroupsTheDimensionalitiesOfWhatIsRepresented) {
  Matrix W = Matrix::Zero(3, 5);
  W.col(0) << 1.0, 0.0, 0.0;
  W.col(1) << -1.0, 0.0, 0.0;
  W.col(2) << 0.0, 1.0, 0.0;
  W.col(3) << 0.0, 0.0, 0.4;
  const Phase phase = phase_of(W);
  EXPECT_EQ(phase.represented, 3);
  EXPECT_EQ(phase.label, "1 x 1 + 2 x 1/2");
  EXPECT_EQ(phase.is_represented, (std::vector<bool>{true, true, true, false, false}));
  EXPECT_EQ(phase_of(W, 0.3).label, "2 x 1 + 2 x 1/2");
  EXPECT_EQ(phase_of(W, 2.0).label, "none");
  W.col(1) *= 0.75;
  EXPECT_EQ(phase_of(W).label, "1 x 1 + 1 x 0.64 + 1 x 0.36");
}

}  // namespace
}  // namespace skeleta::training
