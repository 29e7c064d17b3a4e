// The sampling methods of `skeleta estimate`, and going on where an earlier run stopped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "report.h"
#include "skeleta/storage/run_file.h"
#include "support.h"
#include "workplace.h"

namespace skeleta::program {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

const std::string data = SKELETA_SOURCE_DIR "/data/trained/";
const std::string pentagon = data + "n5_m2_S0.95.h5";
const std::string fixtures = SKELETA_SOURCE_DIR "/data/fixtures/";
const std::string eighty = data + "n80_m20_S0.98.h5";

Outcome estimate(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "estimate");
  return run_program(arguments);
}

Json as_json(std::vector<std::string> arguments) {
  arguments.push_back("--json");
  const Outcome outcome = estimate(arguments);
  EXPECT_EQ(outcome.code, done) << outcome.err;
  return Json::parse(outcome.out);
}

using Methods = Workplace;

std::string bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void expect_same_numbers(const std::string& a, const std::string& b) {
  const storage::RunFile first = storage::read_run(a), second = storage::read_run(b);
  ASSERT_EQ(first.estimates.size(), second.estimates.size());
  for (std::size_t k = 0; k < first.estimates.size(); ++k) {
    const storage::EstimateRun &x = first.estimates[k], &y = second.estimates[k];
    EXPECT_EQ(x.instance, y.instance);
    EXPECT_EQ(x.loss.value, y.loss.value);
    EXPECT_EQ(x.loss.standard_error, y.loss.standard_error);
    EXPECT_EQ(x.loss.high, y.loss.high);
    EXPECT_EQ(x.loss.samples, y.loss.samples);
    EXPECT_EQ(x.loss.stop_reason, y.loss.stop_reason);
    EXPECT_EQ(x.state, y.state);
    ASSERT_EQ(x.loss.skeletons.size(), y.loss.skeletons.size());
    for (std::size_t l = 0; l < x.loss.skeletons.size(); ++l) {
      EXPECT_EQ(x.loss.skeletons[l].contribution, y.loss.skeletons[l].contribution);
    }
  }
}

TEST_F(Methods, AllAgreeWithTheExactLoss) {
  for (const std::string method : {"plain", "stratified", "quasi", "importance", "auto"}) {
    const Json json = as_json({eighty, "--method", method, "--rel-tol", "3e-3", "--check"});
    EXPECT_LT(std::abs(json["check"]["z"].get<double>()), 6.0) << method;
    EXPECT_EQ(json["stop_reason"], "precision");
    if (method == "auto") {
      EXPECT_EQ(json["choice"]["foreseen"][0]["method"], json["method"]);
      EXPECT_GT(json["choice"]["exact_seconds"], 0.0);
    } else {
      EXPECT_EQ(json["method"], method);
    }
    EXPECT_GT(json["loss"]["effective_samples"], 0.0);
    EXPECT_GT(json["loss"]["variance_ratio"], 0.0);
    EXPECT_LT(json["loss"]["variance_ratio"], 1.5);
    EXPECT_TRUE(json["warnings"].is_array());
  }
}

TEST_F(Methods, AutoTakesTheExactLossWhereThatIsCheaper) {
  const Json json = as_json({eighty, "--method", "auto", "--rel-tol", "1e-6"});
  EXPECT_EQ(json["method"], "exact");
  EXPECT_EQ(json["loss"]["value"],
            as_json({eighty, "--method", "exact", "--rel-tol", "1e-6"})["loss"]["value"]);
  EXPECT_LT(json["choice"]["exact_seconds"], json["choice"]["foreseen"][0]["seconds"]);
  // What only samples have is asked for.
  EXPECT_NE(as_json({eighty, "--method", "auto", "--samples", "1000"})["method"], "exact");
  // Of groups nobody knows beforehand how long the integrals take.
  EXPECT_NE(as_json({pentagon, "--method", "auto", "--groups", "together(0,1)"})["method"],
            "exact");
}

TEST_F(Methods, AutoIsTheDefault) {
  for (const std::string precision : {"1e-2", "1e-6"}) {
    Json json = as_json({eighty, "--rel-tol", precision});
    Json named = as_json({eighty, "--method", "auto", "--rel-tol", precision});
    for (Json* one : {&json, &named}) one->erase("seconds");
    EXPECT_EQ(json, named);
    EXPECT_EQ(json["method"] == "exact", precision == "1e-6");
  }
}

// What is cheaper to a coarse precision need not be so to a finer one; the file ends as it would
// have been in one go.
TEST_F(Methods, ASampledRunIsExtendedByTheExactLossWhereThatIsCheaper) {
  EXPECT_EQ(estimate({eighty, "--rel-tol", "1e-2", "-o", path("grown.h5")}).code, done);
  EXPECT_NE(storage::read_run(path("grown.h5")).estimates.front().method, "exact");
  EXPECT_EQ(estimate({eighty, "--rel-tol", "1e-6", "-o", path("grown.h5")}).code, done);
  EXPECT_EQ(storage::read_run(path("grown.h5")).estimates.front().method, "exact");
  EXPECT_EQ(estimate({eighty, "--rel-tol", "1e-6", "-o", path("whole.h5")}).code, done);
  expect_same_numbers(path("whole.h5"), path("grown.h5"));
}

// What limits samples does not replace an exact loss that is as precise; so many samples are
// refused.
TEST_F(Methods, SamplesDoNotReplaceAnExactLoss) {
  const std::string file = path("exact.h5");
  EXPECT_EQ(estimate({eighty, "--rel-tol", "1e-6", "-o", file}).code, done);
  const std::string before = contents("exact.h5");
  const Outcome refused = estimate({eighty, "--samples", "1000", "-o", file});
  EXPECT_EQ(refused.code, usage);
  EXPECT_THAT(refused.err, HasSubstr("it holds the exact loss, which samples would replace by a "
                                     "coarser one; choose another name, or --force"));
  EXPECT_EQ(contents("exact.h5"), before);
  EXPECT_EQ(estimate({eighty, "--rel-tol", "1e-3", "--max-seconds", "60", "-o", file}).code, done);
  EXPECT_EQ(storage::read_run(file).estimates.front().method, "exact");
  EXPECT_EQ(estimate({eighty, "--samples", "1000", "--force", "-o", file}).code, done);
  EXPECT_NE(storage::read_run(file).estimates.front().method, "exact");
}

TEST_F(Methods, AutoSaysWhatItTookInOneLine) {
  const auto told = [&](const std::vector<std::string>& arguments) {
    std::string text = estimate(arguments).out;
    std::replace(text.begin(), text.end(), '\n', ' ');  // sentences are wrapped
    return text;
  };
  EXPECT_THAT(told({eighty, "--method", "auto", "--rel-tol", "1e-6"}),
              AllOf(HasSubstr("auto took exact "), HasSubstr("; others: ")));
  EXPECT_THAT(told({eighty, "--method", "auto", "--samples", "1000"}),
              AllOf(HasSubstr("auto took "), HasSubstr(", exact ")));
}

TEST_F(Methods, AnExactChoiceIsShownAgain) {
  const std::vector<std::string> flags{eighty, "--method", "auto",         "--rel-tol",
                                       "1e-6", "-o",       path("auto.h5")};
  EXPECT_EQ(estimate(flags).code, done);
  EXPECT_THAT(estimate(flags).err, HasSubstr("nothing was computed"));
  std::vector<std::string> finer = flags;
  finer[4] = "1e-9";
  EXPECT_EQ(estimate(finer).code, done);
  const auto run = storage::read_run(path("auto.h5")).estimates.front();
  EXPECT_EQ(run.method, "exact");
  EXPECT_LE(run.loss.error_bound, 1e-9 * run.loss.value);
}

TEST(Warnings, AskForTheSignOfTheBias) {
  storage::EstimateRun run = storage::read_run(fixtures + "estimate.h5").estimates.front();
  EXPECT_THAT(warnings(run), Not(Contains(HasSubstr("sign of the bias"))));
  ASSERT_EQ(run.loss.skeletons.front().l, 0);
  run.loss.skeletons.front().contribution = 0.6 * run.loss.value;
  EXPECT_THAT(warnings(run), Contains(HasSubstr("60 % of the loss is on Q0")));
}

TEST_F(Methods, Float32IsNamedAndAgrees) {
  const std::vector<std::string> flags{eighty, "--samples", "200000", "--method", "plain"};
  std::vector<std::string> single = flags;
  single.insert(single.end(), {"--precision", "float32"});
  const Json full = as_json(flags), half = as_json(single);
  EXPECT_EQ(half["kernel"], "gram-float32");
  const double a = full["loss"]["value"], b = half["loss"]["value"];
  EXPECT_NEAR(a, b, 1e-6 * a);  // the same points
  EXPECT_NE(a, b);
}

TEST_F(Methods, WarnsOfHeavyTails) {
  // Of 300 plain points some fifteen have an active feature, and hardly one has two.
  const Outcome outcome =
      estimate({pentagon, "--method", "plain", "--samples", "300", "--sparsity", "0.99"});
  EXPECT_THAT(outcome.out, HasSubstr("WARNING: heavy tails"));
}

TEST_F(Methods, TheLimitOnTimeIsToldAndTheFileGoesOn) {
  const std::vector<std::string> flags{eighty,          "--method", "plain", "--rel-tol",   "1e-5",
                                       "--max-seconds", "0.3",      "-o",    path("run.h5")};
  const Outcome outcome = estimate(flags);
  EXPECT_EQ(outcome.code, precision_missed);
  EXPECT_THAT(outcome.out, HasSubstr("the limit on time"));
  const auto before = storage::read_run(path("run.h5")).estimates.front();
  EXPECT_EQ(before.loss.stop_reason, StopReason::max_seconds);
  estimate(flags);
  const auto after = storage::read_run(path("run.h5")).estimates.front();
  EXPECT_GT(after.loss.samples, before.loss.samples);
  EXPECT_GT(after.seconds, before.seconds);
}

TEST_F(Methods, AFinishedRunIsExtended) {
  const std::string whole = path("whole.h5"), grown = path("grown.h5");
  estimate({eighty, "--samples", "500000", "-o", whole});
  for (const std::string samples : {"100000", "300000", "500000"}) {
    EXPECT_EQ(estimate({eighty, "--samples", samples, "-o", grown}).code, done);
  }
  expect_same_numbers(whole, grown);
  // Once more: nothing is left to do, and nothing changes.
  EXPECT_EQ(estimate({eighty, "--samples", "500000", "-o", grown}).code, done);
  expect_same_numbers(whole, grown);
}

// Killed at random moments, by a signal that cannot be caught, and run again until it is done.
TEST_F(Methods, KilledAndRunAgainItEndsWithTheSameBits) {
  const std::string whole = path("whole.h5"), killed = path("killed.h5");
  const std::vector<std::string> flags{data + "n5_m2_S0.75.h5",
                                       "--instance",
                                       "all",
                                       "--method",
                                       "plain",
                                       "--rel-tol",
                                       "1e-3",
                                       "--quiet",
                                       "-o"};
  const auto with = [&](const std::string& output) {
    std::vector<std::string> all = flags;
    all.push_back(output);
    return all;
  };
  std::vector<std::string> often = with(killed);
  often.insert(often.begin(), "estimate");
  often.insert(often.end(), {"--threads", "1", "--checkpoint-seconds", "0"});
  std::vector<std::string> undisturbed = with(whole);
  undisturbed.insert(undisturbed.begin(), "estimate");
  const std::uint64_t polls = polls_of(undisturbed);
  std::mt19937_64 random(7);
  int continued = 0;
  for (int k = 0; k < testing::scaled(20, 3); ++k) {
    run_and_kill(often, 1 + random() % (polls / 3));
    if (k % 4 == 3) run_and_kill_while_writing(often, "killed.h5");
    if (!std::filesystem::exists(killed)) continue;
    storage::read_run(killed);  // always complete
    ++continued;
  }
  EXPECT_GT(continued, 0);
  EXPECT_EQ(estimate(with(killed)).code, done);
  expect_same_numbers(whole, killed);
}

TEST_F(Methods, RefusesToContinueAnotherRun) {
  const std::string file = path("run.h5");
  estimate({pentagon, "--samples", "20000", "-o", file});
  const std::string before = bytes(file);
  const auto refused = [&](std::vector<std::string> flags, const std::string& why) {
    flags.insert(flags.end(), {"-o", file});
    const Outcome outcome = estimate(flags);
    EXPECT_EQ(outcome.code, usage);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("cannot be continued"), HasSubstr(why)));
    EXPECT_EQ(bytes(file), before);
  };
  refused({eighty, "--samples", "20000"}, "its inputs differ in content: another model");
  refused({pentagon, "--method", "quasi"}, "its method is auto, not quasi");
  refused({pentagon, "--seed", "2"}, "its seed is 1, not 2");
  refused({pentagon, "--precision", "float32"}, "its precision is float64, not float32");
  refused({pentagon, "--sparsity", "0.9"}, "its sparsity is not given, not 0.9");
  refused({pentagon, "--importance", "2"}, "its importance is not given, not 2");
  refused({pentagon, "--instance", "1"}, "it holds instance 0, which is not asked for");
  EXPECT_EQ(estimate({pentagon, "--method", "exact", "-o", file}).code, usage);
  EXPECT_EQ(bytes(file), before);
  EXPECT_EQ(estimate({pentagon, "--seed", "2", "--force", "-o", file}).code, done);
  EXPECT_NE(bytes(file), before);
}

TEST_F(Methods, RefusesFlagsThatMakeNoSense) {
  const auto refused = [&](std::vector<std::string> flags, const std::string& why) {
    flags.insert(flags.begin(), pentagon);
    const Outcome outcome = estimate(flags);
    EXPECT_EQ(outcome.code, usage);
    EXPECT_THAT(outcome.err, HasSubstr(why));
    EXPECT_EQ(outcome.out, "");
  };
  refused({"--method", "quasi", "--replicates", "1"},
          "--replicates: '1' is not a whole number of at least 2");
  refused({"--method", "stratified", "--replicates", "8"},
          "--replicates is not for --method stratified");
  refused({"--max-seconds", "0"}, "--max-seconds 0 must be a positive number");
  refused({"--samples", "1000", "--rel-tol", "1e-3"}, "--samples");
  refused({"--method", "exact", "--max-seconds", "1"}, "--max-seconds is not for --method exact");
  refused({"--method", "quasi", "--samples", "10"}, "10 samples are too few");
  refused({"--method", "vegas"}, "none of stratified, importance, plain, quasi, auto, exact");
  refused({"--rel-tol", "-1"}, "--rel-tol -1 must be a positive number");
}

}  // namespace
}  // namespace skeleta::program
