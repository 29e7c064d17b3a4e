#include "skeleta/storage/training_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "skeleta/storage/file_error.h"
#include "skeleta/storage/model_file.h"
#include "skeleta/storage/result_file.h"
#include "storage/example_training.h"
#include "storage/workplace.h"

namespace skeleta::storage {
namespace {

using testing::HasSubstr;

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

void expect_same(const training::TrainedModel& a, const training::TrainedModel& b) {
  EXPECT_EQ(a.start, b.start);
  EXPECT_EQ(a.model.W, b.model.W);
  EXPECT_EQ(a.model.b, b.model.b);
  EXPECT_TRUE(same_bits(a.loss.value, b.loss.value));
  EXPECT_EQ(a.loss.error_bound, b.loss.error_bound);
  EXPECT_EQ(a.loss_gradient_norm, b.loss_gradient_norm);
  EXPECT_EQ(a.summary.value, b.summary.value);
  EXPECT_EQ(a.summary.gradient_norm, b.summary.gradient_norm);
  EXPECT_EQ(a.summary.iterations, b.summary.iterations);
  EXPECT_EQ(a.summary.evaluations, b.summary.evaluations);
  EXPECT_EQ(a.summary.stop_reason, b.summary.stop_reason);
  EXPECT_EQ(a.penalty, b.penalty);
  EXPECT_EQ(a.unmet, b.unmet);
  ASSERT_EQ(a.trajectory.size(), b.trajectory.size());
  for (std::size_t k = 0; k < a.trajectory.size(); ++k) {
    EXPECT_EQ(a.trajectory[k].step, b.trajectory[k].step);
    EXPECT_EQ(a.trajectory[k].value, b.trajectory[k].value);
    EXPECT_EQ(a.trajectory[k].parameters, b.trajectory[k].parameters);
  }
}

TEST(TrainingFile, ComesBackBitByBit) {
  const TemporaryFolder folder;
  const TrainingRun run = example_training();
  write_training(folder / "train.h5", {"skeleta train", "a = 1", "", 12345, 2}, run, false);
  const TrainingFile file = read_training(folder / "train.h5");
  EXPECT_EQ(file.build.version, build_info().version);
  EXPECT_EQ(file.provenance.options_toml, "a = 1");
  EXPECT_EQ(file.provenance.seed, 12345u);
  EXPECT_EQ(file.run.features.density, run.features.density);
  EXPECT_EQ(file.run.features.importance, run.features.importance);
  ASSERT_EQ(file.run.starts.size(), 3u);
  for (std::size_t k = 0; k < 3; ++k) expect_same(file.run.starts[k], run.starts[k]);
  ASSERT_EQ(file.run.minima.size(), 2u);
  for (std::size_t k = 0; k < 2; ++k) {
    const training::Minimum &a = file.run.minima[k], &b = run.minima[k];
    EXPECT_EQ(a.loss, b.loss);
    EXPECT_EQ(a.models, b.models);
    EXPECT_EQ(a.rank, b.rank);
    EXPECT_EQ(a.norm, b.norm);
    EXPECT_EQ(a.feature_dimensionality, b.feature_dimensionality);
  }
}

// As a model file: best first, the diverged one last and with zeros where it is not finite.
TEST(TrainingFile, IsAModelFile) {
  const TemporaryFolder folder;
  TrainingRun run = example_training();
  run.starts[1].model.W(0, 0) = std::numeric_limits<double>::infinity();
  write_training(folder / "train.h5", {}, run, false);
  const ModelFile file = read_models(folder / "train.h5");
  EXPECT_TRUE(file.from_run_file);
  ASSERT_EQ(file.models.size(), 3u);
  EXPECT_EQ(file.models[0].W, run.starts[2].model.W);
  EXPECT_EQ(file.models[1].W, run.starts[0].model.W);
  EXPECT_EQ(file.models[2].W(0, 0), 0.0);
  EXPECT_EQ(file.models[2].W(1, 0), run.starts[1].model.W(1, 0));
  EXPECT_EQ(file.density.at(2), run.features.density);
  EXPECT_EQ(file.importance.at(2), run.features.importance);
}

TEST(TrainingFile, LeavesOutWhatThereIsNot) {
  const TemporaryFolder folder;
  TrainingRun run = example_training();
  run.starts.resize(2);
  run.starts.erase(run.starts.begin());
  run.starts[0].start = 0;
  run.starts[0].trajectory.clear();
  run.minima.clear();
  write_training(folder / "train.h5", {}, run, false);
  const TrainingFile file = read_training(folder / "train.h5");
  ASSERT_EQ(file.run.starts.size(), 1u);
  expect_same(file.run.starts[0], run.starts[0]);
  EXPECT_TRUE(file.run.minima.empty());
}

TEST(TrainingFile, RefusesOtherKindsAndDamage) {
  const TemporaryFolder folder;
  write_estimate(folder / "run.h5", {}, example_runs(), false);
  EXPECT_THAT(message_of<FileError>([&] { read_training(folder / "run.h5"); }),
              HasSubstr("is a 'skeleta estimate' file, but a 'skeleta train' file is needed"));
  EXPECT_EQ(filetype_of(folder / "run.h5"), "skeleta estimate");
  const auto good = folder / "train.h5";
  write_training(good, {}, example_training(), false);
  EXPECT_THAT(message_of<FileError>([&] { read_run(good); }),
              HasSubstr("is a 'skeleta train' file, but a 'skeleta estimate' file is needed"));
  const std::pair<const char*, const char*> damages[] = {
      {"f[\"training/start\"][0] = 0", "/training/start is an axis, but holds 0 twice"},
      {"f[\"training/start\"][0] = -7", "/training/start[0] is -7: it must be at least 0"},
      {"del f[\"training/step\"]; f[\"training/step\"] = 5",
       "/training/step has shape [], but it is an axis"},
      {"del f[\"training/feature\"]; f[\"training/feature\"] = [0, 1]",
       "/training/feature and /model/feature differ in length"},
      {"f[\"training/error_bound\"][1] = -1.0", "/training/error_bound[1] is -1: it must be"},
      {"f[\"training/minimum_of\"][0] = 5", "/training/minimum_of[0] = 5 is no minimum"},
      {"f[\"training/recorded\"][0] = 9", "/training/recorded exceeds the axis step"},
      {"f[\"training/steps\"][0] = -9", "/training/steps[0] is -9: it must be at least 0"},
      {"del f[\"training/loss\"]", "has no dataset /training/loss"},
  };
  with_altered(good, damages, [](const std::filesystem::path& bad, const std::string& sentence) {
    EXPECT_THAT(message_of<FileError>([&] { read_training(bad); }), HasSubstr(sentence));
  });
}

// Of a shard: minima have places, files the numbers.
TEST(TrainingFile, KeepsNumbersWithGaps) {
  const TemporaryFolder folder;
  TrainingRun run = example_training();
  for (training::TrainedModel& start : run.starts) start.start = 5 + 3 * start.start;
  write_training(folder / "train.h5", {}, run, false);
  const TrainingRun read = read_training(folder / "train.h5").run;
  ASSERT_EQ(read.starts.size(), run.starts.size());
  for (std::size_t k = 0; k < run.starts.size(); ++k) {
    EXPECT_EQ(read.starts[k].start, 5 + 3 * k);
    EXPECT_EQ(read.starts[k].model.W, run.starts[k].model.W);
  }
  ASSERT_EQ(read.minima.size(), run.minima.size());
  const ResultFile file = read_result(folder / "train.h5");
  const std::vector<std::int64_t>& best = file.values<std::int64_t>("/training/best_start");
  for (std::size_t k = 0; k < run.minima.size(); ++k) {
    EXPECT_THAT(read.minima[k].models, ::testing::UnorderedElementsAreArray(run.minima[k].models));
    const auto place = static_cast<std::size_t>(run.minima[k].models.front());
    EXPECT_EQ(best[k], static_cast<std::int64_t>(run.starts[place].start));
  }
}

TEST(TrainingFile, RefusesToWriteNonsense) {
  const TemporaryFolder folder;
  const auto message = [&](const TrainingRun& run) {
    return message_of<std::invalid_argument>(
        [&] { write_training(folder / "train.h5", {}, run, false); });
  };
  EXPECT_THAT(message({}), HasSubstr("starts is empty"));
  TrainingRun run = example_training();
  run.starts[1].start = 2;
  EXPECT_THAT(message(run), HasSubstr("start 2 comes after start 2"));
  run = example_training();
  run.starts[1].model = example_model(0, 1, 3);
  EXPECT_THAT(message(run), HasSubstr("start 1 has another shape"));
  run = example_training();
  run.starts[0].trajectory[0].step = 1;
  EXPECT_THAT(message(run), HasSubstr("have other steps: 0 and 1 at place 0"));
}

}  // namespace
}  // namespace skeleta::storage
