#include "skeleta/storage/run_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <utility>

#include "skeleta/storage/file_error.h"
#include "skeleta/storage/model_file.h"
#include "storage/example_runs.h"
#include "storage/workplace.h"

namespace skeleta::storage {
namespace {

using testing::HasSubstr;

// NaN equals NaN here: a file gives every bit back.
void expect_same(double actual, double expected) {
  EXPECT_EQ(std::bit_cast<std::uint64_t>(actual), std::bit_cast<std::uint64_t>(expected))
      << actual << " is not " << expected;
}

void expect_same(const SkeletonPart& actual, const SkeletonPart& expected) {
  EXPECT_EQ(actual.l, expected.l);
  expect_same(actual.probability, expected.probability);
  expect_same(actual.mean, expected.mean);
  expect_same(actual.contribution, expected.contribution);
  expect_same(actual.standard_error, expected.standard_error);
  EXPECT_EQ(actual.samples, expected.samples);
}

void expect_same(const IntegralBySkeleton& actual, const IntegralBySkeleton& expected) {
  ASSERT_EQ(actual.skeletons.size(), expected.skeletons.size());
  for (std::size_t k = 0; k < expected.skeletons.size(); ++k) {
    expect_same(actual.skeletons[k], expected.skeletons[k]);
  }
  expect_same(actual.value, expected.value);
  expect_same(actual.standard_error, expected.standard_error);
  expect_same(actual.confidence, expected.confidence);
  expect_same(actual.low, expected.low);
  expect_same(actual.high, expected.high);
  expect_same(actual.error_bound, expected.error_bound);
  EXPECT_EQ(actual.samples, expected.samples);
  EXPECT_EQ(actual.non_finite, expected.non_finite);
  EXPECT_EQ(actual.stop_reason, expected.stop_reason);
  expect_same(actual.skewness, expected.skewness);
  expect_same(actual.kurtosis, expected.kurtosis);
  expect_same(actual.effective_samples, expected.effective_samples);
  expect_same(actual.variance_ratio, expected.variance_ratio);
}

void expect_same(const geometry::ColumnGeometry& actual, const geometry::ColumnGeometry& expected) {
  EXPECT_EQ(actual.norm, expected.norm);
  EXPECT_EQ(actual.dimensionality, expected.dimensionality);
  EXPECT_EQ(actual.coherence.columns, expected.coherence.columns);
  expect_same(actual.coherence.signed_max, expected.coherence.signed_max);
  expect_same(actual.coherence.absolute, expected.coherence.absolute);
  expect_same(actual.dimensions_per_feature, expected.dimensions_per_feature);
  expect_same(actual.signed_bound, expected.signed_bound);
  expect_same(actual.welch_bound, expected.welch_bound);
  expect_same(actual.orthoplex_bound, expected.orthoplex_bound);
  expect_same(actual.distance_to_first, expected.distance_to_first);
}

void expect_same(const EstimateRun& actual, const EstimateRun& expected) {
  EXPECT_EQ(actual.model.W, expected.model.W);
  EXPECT_EQ(actual.model.b, expected.model.b);
  EXPECT_EQ(actual.features.density, expected.features.density);
  EXPECT_EQ(actual.features.importance, expected.features.importance);
  EXPECT_EQ(actual.instance, expected.instance);
  EXPECT_EQ(actual.method, expected.method);
  expect_same(actual.loss, expected.loss);
  EXPECT_EQ(std::memcmp(&actual.one_sparse, &expected.one_sparse, sizeof(OneSparse)), 0);
  expect_same(actual.seconds, expected.seconds);
  EXPECT_EQ(actual.state, expected.state);
  ASSERT_EQ(actual.geometry.has_value(), expected.geometry.has_value());
  if (expected.geometry) expect_same(*actual.geometry, *expected.geometry);
}

void expect_round_trip(const std::vector<EstimateRun>& runs) {
  const TemporaryFolder folder;
  write_estimate(folder / "run.h5", example_provenance(), runs, false);
  const RunFile file = read_run(folder / "run.h5");
  ASSERT_EQ(file.estimates.size(), runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) expect_same(file.estimates[i], runs[i]);
}

TEST(RunFile, GivesEveryBitBack) {
  expect_round_trip(example_runs());
}

TEST(RunFile, GivesEveryBitBackOfOneInstance) {
  expect_round_trip({example_runs()[1]});
}

TEST(RunFile, GivesEveryBitBackOfRunsWithoutGeometry) {
  std::vector<EstimateRun> runs = example_runs();
  for (EstimateRun& run : runs) run.geometry.reset();
  expect_round_trip(runs);
}

TEST(RunFile, GivesEveryBitBackOfOtherModelsAndLaws) {
  const TemporaryFolder folder;
  std::vector<EstimateRun> runs = example_runs();
  make_general(runs);
  write_estimate(folder / "run.h5", example_provenance(), runs, false);
  const RunFile file = read_run(folder / "run.h5");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Autoencoder &read = file.estimates[i].model, &model = runs[i].model;
    EXPECT_EQ(read.W, model.W);
    EXPECT_EQ(read.W_out, model.W_out);
    EXPECT_EQ(read.activation, model.activation);
    EXPECT_EQ(read.jump, model.jump);
    EXPECT_EQ(read.noise, model.noise);
    const Features& features = file.estimates[i].features;
    ASSERT_FALSE(features.plain());
    EXPECT_EQ(features.density, runs[i].features.density);
    EXPECT_EQ(features.law->values, runs[i].features.law->values);
    EXPECT_EQ(features.law->activity.nodes(), runs[i].features.law->activity.nodes());
  }
  EXPECT_EQ(read_models(folder / "run.h5").features(0).law->values, runs[0].features.law->values);
}

TEST(RunFile, TellsNaNFromPadding) {
  const TemporaryFolder folder;
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<EstimateRun> runs = example_runs();
  runs[0].loss.skeletons[1].probability = nan;
  std::vector<StratumState>& strata = runs[1].state.strata;
  strata[0].moments[1] = nan;
  strata[1].coefficients = {nan};
  write_estimate(folder / "run.h5", example_provenance(), runs, false);
  const RunFile file = read_run(folder / "run.h5");
  EXPECT_EQ(file.estimates[0].loss.skeletons.size(), 3u);
  EXPECT_EQ(file.estimates[1].loss.skeletons.size(), 2u);
  const std::vector<StratumState>& read = file.estimates[1].state.strata;
  EXPECT_EQ(read[0].moments.size(), strata[0].moments.size());
  EXPECT_TRUE(std::isnan(read[0].moments[1]));
  EXPECT_EQ(read[1].moments, strata[1].moments);
  EXPECT_EQ(read[0].chunks, strata[0].chunks);
  EXPECT_EQ(read[1].end, strata[1].end);
  ASSERT_EQ(read[1].coefficients.size(), 1u);
  EXPECT_TRUE(std::isnan(read[1].coefficients[0]));
}

// What version 1.0 wrote has no geometry, no state and less about errors, and is read.
TEST(RunFile, ReadsTheVersionBefore) {
  const TemporaryFolder folder;
  const auto now = folder / "now.h5", before = folder / "before.h5";
  write_estimate(now, example_provenance(), example_runs(), false);
  run_python("alter_run.py",
             fmt::format("{} {} '{}; f.attrs[\"version\"][1] = 0'", now.string(), before.string(),
                         "[f.pop(name) for name in (\"geometry\", \"state\", \"loss/skewness\", "
                         "\"loss/kurtosis\", \"loss/effective_samples\", "
                         "\"loss/variance_ratio\", \"loss/evaluated\")]"));
  std::vector<EstimateRun> expected = example_runs();
  const RunFile file = read_run(before);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    IntegralBySkeleton& loss = expected[i].loss;
    loss.skewness = loss.kurtosis = 0.0;
    loss.effective_samples = static_cast<double>(loss.samples);
    loss.variance_ratio = 1.0;
    expected[i].state = {};
    expected[i].geometry.reset();
    expect_same(file.estimates[i], expected[i]);
  }
}

// One command, before padding had its lengths beside it and now.
TEST(RunFile, ReadsVersion15AsTheNextOne) {
  const std::string fixtures = SKELETA_SOURCE_DIR "/data/fixtures/";
  RunFile before = read_run(fixtures + "estimate_1_5.h5");
  const RunFile now = read_run(fixtures + "estimate_1_6.h5");
  ASSERT_EQ(before.estimates.size(), now.estimates.size());
  for (std::size_t i = 0; i < now.estimates.size(); ++i) {
    EXPECT_FALSE(now.estimates[i].state.strata.empty());
    before.estimates[i].seconds = now.estimates[i].seconds;
    expect_same(before.estimates[i], now.estimates[i]);
  }
}

// More than one chunk of the compressed W; wide too, which the reader of a run must not refuse.
TEST(RunFile, GivesEveryBitBackOfLargeModels) {
  expect_round_trip(example_runs(400, 301));
}

TEST(RunFile, GivesTheProvenanceBack) {
  const TemporaryFolder folder;
  const Provenance given = example_provenance();
  write_estimate(folder / "run.h5", given, example_runs(), false);
  const RunFile file = read_run(folder / "run.h5");
  EXPECT_EQ(file.filetype, "skeleta estimate");
  EXPECT_EQ(file.build.version, build_info().version);
  EXPECT_EQ(file.build.git_sha1, build_info().git_sha1);
  EXPECT_EQ(file.build.compiler, build_info().compiler);
  EXPECT_EQ(file.build.build, build_info().build);
  EXPECT_EQ(file.provenance.command_line, given.command_line);
  EXPECT_EQ(file.provenance.options_toml, given.options_toml);
  EXPECT_EQ(file.provenance.created_at, given.created_at);
  EXPECT_EQ(file.provenance.seed, given.seed);
  EXPECT_EQ(file.provenance.threads, given.threads);
}

TEST(RunFile, FillsInTheTime) {
  const TemporaryFolder folder;
  write_estimate(folder / "run.h5", {}, example_runs(), false);
  EXPECT_THAT(read_run(folder / "run.h5").provenance.created_at,
              testing::MatchesRegex("20[0-9-]{8}T[0-9:]{8}Z"));
}

TEST(RunFile, IsTheSameBytesForTheSameRun) {
  const TemporaryFolder folder;
  write_estimate(folder / "a.h5", example_provenance(), example_runs(), false);
  write_estimate(folder / "b.h5", example_provenance(), example_runs(), false);
  EXPECT_EQ(contents(folder / "a.h5"), contents(folder / "b.h5"));
}

TEST(RunFile, KeepsEveryStopReason) {
  for (std::size_t value = 0; value < names<StopReason>().size(); ++value) {
    std::vector<EstimateRun> runs = example_runs();
    runs[1].loss.stop_reason = static_cast<StopReason>(value);
    expect_round_trip(runs);
  }
}

TEST(RunFile, IsAModelFile) {
  const TemporaryFolder folder;
  const std::vector<EstimateRun> runs = example_runs();
  write_estimate(folder / "run.h5", example_provenance(), runs, false);
  const ModelFile file = read_models(folder / "run.h5");
  ASSERT_EQ(file.models.size(), 2u);
  EXPECT_TRUE(file.from_run_file);
  EXPECT_EQ(file.models[1].W, runs[1].model.W);
  EXPECT_EQ(file.models[1].b, runs[1].model.b);
  EXPECT_EQ(file.density.at(1), runs[0].features.density);
  EXPECT_EQ(file.importance.at(1), runs[0].features.importance);
}

TEST(RunFile, RefusesRunsThatDoNotFitOneFile) {
  const TemporaryFolder folder;
  const auto message = [&](const std::vector<EstimateRun>& runs) {
    return message_of<std::invalid_argument>(
        [&] { write_estimate(folder / "run.h5", {}, runs, false); });
  };
  EXPECT_THAT(message({}), HasSubstr("runs is empty"));
  EXPECT_THAT(message({example_runs(2, 3)[0], example_runs(2, 4)[1]}),
              HasSubstr("instance 7 is 2 x 4, but instance 4 is 2 x 3"));
  auto runs = example_runs();
  runs[1].features.density(2) = 0.5;
  EXPECT_THAT(message(runs), HasSubstr("instances 7 and 4 differ in density or importance"));
  runs = example_runs();
  runs[1].loss.skeletons.clear();
  EXPECT_THAT(message(runs), HasSubstr("instance 7 evaluated no skeleton"));
  runs = example_runs();
  runs[1].geometry.reset();
  EXPECT_THAT(message(runs), HasSubstr("one of the instances 7 and 4 has no geometry"));
  runs = example_runs();
  runs[1].geometry->norm.resize(2);
  EXPECT_THAT(message(runs), HasSubstr("instance 7: /geometry/norm has 2 entries for 3 features"));
  runs = example_runs();
  runs[0].method = "by hand";
  EXPECT_THAT(message(runs), HasSubstr("method = 'by hand' must be one word"));
  runs = example_runs();
  runs[0].model.W(1, 2) = std::nan("");
  EXPECT_THAT(message(runs), HasSubstr("W[1, 2]"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(RunFile, NamesWhatIsWrongAndWhere) {
  const std::pair<const char*, const char*> cases[] = {
      {"f.attrs[\"filetype\"] = \"skeleta train\"",
       "is a 'skeleta train' file, but a 'skeleta estimate' file is needed"},
      {"del f.attrs[\"filetype\"]",
       "is no run file (it has no attribute filetype), but a 'skeleta estimate' file is needed"},
      {"f.attrs[\"version\"] = np.array([2, 3], \"i4\")",
       "is of layout version 2.3, but this program reads version 1.x"},
      {"del f.attrs[\"version\"]", "has no attribute version of two integers"},
      {"del f.attrs[\"options\"]", "has no attribute options of the right type"},
      {"f.attrs[\"seed\"] = \"five\"", "has no attribute seed of the right type"},
      {"del f[\"/loss/mean\"]", "has no dataset /loss/mean"},
      {"del f[\"/data/importance\"]", "has no dataset /data/importance"},
      {"del f[\"/tail/instance\"]", "has no dataset /tail/instance"},
      {"del f[\"/loss/low\"]; f[\"/loss/low\"] = [1., 2., 3.]",
       "/loss/low has shape [3], but its axes [instance] have [2]"},
      {"del f[\"/loss/mean\"]; f[\"/loss/mean\"] = np.zeros((4, 2))",
       "/loss/mean has shape [4, 2], but its axes [instance, l] have [2, 4]"},
      {"del f[\"/loss/samples\"]; f[\"/loss/samples\"] = np.zeros((2, 4))",
       "/loss/samples holds floating-point numbers where integers are needed"},
      {"f[\"/loss/samples\"][1, 1] = -5", "/loss/samples[1, 1] is -5: it must be at least 0"},
      {"f[\"/loss/stop_reason\"][1] = 77",
       "/loss/stop_reason[1] is 77, which is not among its flag_values"},
      {"f[\"/loss/stop_reason\"].attrs[\"flag_meanings\"] = \"a b c d e f g h i j\"",
       "/loss/stop_reason is 'a', which this program does not know"},
      {"del f[\"/loss/method\"].attrs[\"flag_values\"]",
       "/loss/method needs the attributes flag_values and flag_meanings"},
      {"f[\"/loss/instance\"][0] = 3", "/loss/instance and /model/instance differ"},
      {"f[\"/geometry/instance\"][0] = 3", "/geometry/instance and /model/instance differ"},
      {"del f[\"/geometry/norm\"]", "has no dataset /geometry/norm"},
      {"del f[\"/geometry/norm\"]; f[\"/geometry/norm\"] = np.zeros((2, 4))",
       "/geometry/norm has shape [2, 4], but its axes [instance, feature] have [2, 3]"},
      {"f.move(\"/geometry/feature\", \"/geometry/old\"); f[\"/geometry/feature\"] = [0, 1]",
       "/geometry/feature and /model/feature differ"},
      {"f[\"/loss/l\"][1] = 0", "/loss/l is an axis, but holds 0 twice"},
      {"f[\"/loss/high\"][1] = 1", "/loss/low[1] is 1.25, above /loss/high[1], which is 1"},
      {"f[\"/loss/probability\"][0, 1] = 1.5",
       "/loss/probability[0, 1] is 1.5: it must be from 0 to 1, or NaN"},
      {"f[\"/data/density\"][1] = -0.5", "/data/density[1] is -0.5: every entry must lie in"},
      {"f[\"/state/chunks\"][0, 0] = -2", "/state/chunks[0, 0] is -2: it must be at least -1"},
      {"f[\"/state/first\"][1] = 7", "/state/first[1] is 7, above /state/last[1], which is 5"},
      {"f[\"/state/run\"][0] = 2", "/state/run holds 2, but there are 2 runs"},
      {"del f[\"/state/moments\"]", "has no dataset /state/moments, which belongs to /state/"},
      {"del f[\"/loss/l\"]; f[\"/loss/l\"] = 3",
       "/loss/l has shape [], but it is an axis, a list of numbers"},
      {"f[\"/W\"] = f[\"/model/W\"][...]", "has both /W and /model/W"},
      {"f[\"/model/W\"][1, 0, 2] = np.nan",
       "/model/W[1, 0, 2] is nan: every entry must be a finite number"},
  };
  const TemporaryFolder folder;
  const auto good = folder / "run.h5";
  write_estimate(good, example_provenance(), example_runs(), false);
  with_altered(good, cases, [](const std::filesystem::path& bad, const std::string& sentence) {
    EXPECT_THAT(message_of<FileError>([&] { read_run(bad); }),
                testing::StartsWith(bad.string() + ": " + sentence));
  });
}

}  // namespace
}  // namespace skeleta::storage
