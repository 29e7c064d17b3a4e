#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "skeleta/storage/run_file.h"
#include "workplace.h"

namespace skeleta::program {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

const std::string data = SKELETA_SOURCE_DIR "/data/trained/";
const std::string pentagon = data + "n5_m2_S0.95.h5";

Json estimate_json(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "estimate");
  arguments.push_back("--json");
  const Outcome outcome = run_program(arguments);
  const Json json = Json::parse(outcome.out);
  bool doubtful = false;
  for (const Json& one : json.is_array() ? json : Json::array({json})) {
    doubtful |= one["stop_reason"] == "unresolved" || one["stop_reason"] == "unreliable";
  }
  EXPECT_EQ(outcome.code, doubtful ? precision_missed : done) << outcome.err;
  return json;
}

class Program : public Workplace {
 protected:
  // Makes a model file with h5py, as a user would: `lines` write into the open file f.
  std::string model(const std::string& name, const std::string& lines) const {
    const std::string script =
        "import h5py, numpy as np\nwith h5py.File('" + path(name) + "', 'w') as f:\n" + lines;
    const std::string command = "/usr/bin/python3 " + write(name + ".py", script);
    EXPECT_EQ(std::system(command.c_str()), 0) << script;
    return path(name);
  }
};

// One sentence on stderr, the code, and nothing on stdout.
void expect_refused(const std::vector<std::string>& arguments,
                    const ::testing::Matcher<const std::string&>& message, int code = usage) {
  const Outcome outcome = run_program(arguments);
  EXPECT_EQ(outcome.code, code) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, message);
  EXPECT_THAT(outcome.err, ::testing::StartsWith("skeleta: "));
  EXPECT_LE(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 6) << outcome.err;
}

TEST_F(Program, PrintsATableForPeople) {
  const auto expect_table = [&](const std::vector<std::string>& arguments, const char* error) {
    const Outcome outcome = run_program(arguments);
    EXPECT_EQ(outcome.code, done);
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("probability"), HasSubstr("contribution"),
                                   HasSubstr(error), HasSubstr("loss/D"), HasSubstr("Q0 + Q1"),
                                   HasSubstr("P(N >= 2)"), HasSubstr("exact")));
  };
  expect_table({"estimate", pentagon}, "error at most");
  expect_table({"estimate", pentagon, "--method", "stratified"}, "95 % interval");
}

// The trained pentagon is within 0.1 % of the best loss that is known, 0.0089035937 (an exact
// optimisation), and cannot be below it. P(N ≥ 2) = 1 − .95⁵ − 5·.05·.95⁴.
TEST_F(Program, EstimatesThePentagon) {
  for (const std::string method : {"stratified", "plain"}) {
    const double tolerance = method == "plain" ? 2e-3 : 2e-4;
    const Json json =
        estimate_json({pentagon, "--method", method, "--rel-tol", std::to_string(tolerance)});
    EXPECT_EQ(json["method"], method);
    EXPECT_EQ(json["stop_reason"], "precision");
    const double value = json["loss"]["value"], error = json["loss"]["standard_error"];
    EXPECT_LE(error, tolerance * value);
    EXPECT_GT(value + 5 * error, 0.0089035937);
    EXPECT_LT(value - 5 * error, 0.0089035937 * 1.001);
    EXPECT_LT(json["loss"]["low"], value);
    EXPECT_GT(json["loss"]["high"], value);
    EXPECT_NEAR(json["one_sparse"]["probability_of_rest"], 0.0225925, 1e-7);
    EXPECT_NEAR(json["one_sparse"]["share"], 0.38, 0.02);  // 62 % beyond Q1 (MATH section 4)
    double sum = 0.0;
    for (const Json& row : json["skeletons"]) sum += row["contribution"].get<double>();
    EXPECT_NEAR(sum, value, 1e-12);
  }
}

// Exact and sampled are computed by modules that do not know each other.
TEST_F(Program, ExactAgreesWithSampling) {
  for (const std::string name : {"n5_m2_S0.95.h5", "n20_m5_S0.95.h5", "n80_m20_S0.98.h5"}) {
    const Json exact = estimate_json({data + name, "--method", "exact"});
    EXPECT_EQ(exact["stop_reason"], "exact");
    EXPECT_LE(exact["loss"]["error_bound"], 1e-8 * exact["loss"]["value"].get<double>());
    EXPECT_EQ(exact["loss"]["standard_error"], 0.0);
    double sum = 0.0;
    for (const Json& row : exact["skeletons"]) sum += row["contribution"].get<double>();
    EXPECT_NEAR(sum, exact["loss"]["value"], 1e-8 * sum);

    const Json sampled = estimate_json({data + name, "--rel-tol", "2e-4", "--check"});
    EXPECT_LT(std::abs(sampled["check"]["z"].get<double>()), 5.0) << name;
    EXPECT_NEAR(sampled["check"]["exact"], exact["loss"]["value"], 2e-8 * sum);
    for (std::size_t l = 0; l < 3; ++l) {
      EXPECT_NEAR(sampled["skeletons"][l]["contribution"], exact["skeletons"][l]["contribution"],
                  5 * sampled["skeletons"][l]["standard_error"].get<double>() + 1e-8 * sum);
    }
  }
}

TEST_F(Program, ExactOptions) {
  const Json few = estimate_json({pentagon, "--method", "exact", "--skeletons", "1",
                                  "--error-control", "estimated", "--rel-tol", "1e-6"});
  EXPECT_EQ(few["skeletons"].size(), 2u);
  EXPECT_NEAR(few["one_sparse"]["share"], 0.3753, 1e-3);
  const Outcome missed = run_program({"estimate", pentagon, "--method", "exact", "--max-nodes",
                                      "64", "--json", "--density", ".5", "--rel-tol", "1e-11"});
  EXPECT_EQ(missed.code, precision_missed);
  EXPECT_EQ(Json::parse(missed.out)["stop_reason"], "nodes");
  EXPECT_THAT(run_program({"estimate", pentagon, "--check"}).out, HasSubstr("standard errors"));
  expect_refused({"estimate", pentagon, "--method", "exact", "--samples", "10"},
                 HasSubstr("--samples is not for --method exact"));
  expect_refused({"estimate", pentagon, "--skeletons", "3"},
                 HasSubstr("--skeletons is not for --method auto"));
  expect_refused({"estimate", pentagon, "--method", "exact", "--rel-tol", "1e-18"},
                 HasSubstr("double precision"));
  expect_refused({"estimate", pentagon, "--method", "exact", "--error-control", "none"},
                 HasSubstr("'none'"));
  EXPECT_EQ(run_program({"estimate", pentagon, "--method", "exact", "-o", path("x.h5")}).code,
            done);
  EXPECT_THAT(run_program({"show", path("x.h5")}).out, HasSubstr("exact"));
}

TEST_F(Program, JsonHasTheStableKeys) {
  for (const std::string method : {"auto", "stratified"}) {
    SCOPED_TRACE(method);
    const Json json = estimate_json({pentagon, "--method", method});
    for (const char* key : {"method", "seed", "samples", "threads", "seconds", "stop_reason",
                            "non_finite", "loss", "skeletons", "one_sparse"}) {
      EXPECT_TRUE(json.contains(key)) << key;
    }
    for (const char* key :
         {"value", "standard_error", "low", "high", "confidence", "error_bound"}) {
      EXPECT_TRUE(json["loss"].contains(key)) << key;
    }
    for (const char* key :
         {"l", "probability", "mean", "contribution", "standard_error", "samples"}) {
      EXPECT_TRUE(json["skeletons"][0].contains(key)) << key;
    }
    for (const char* key : {"contribution", "share", "rest", "rest_standard_error", "rest_bound",
                            "probability_of_rest"}) {
      EXPECT_TRUE(json["one_sparse"].contains(key)) << key;
    }
  }
}

Json without_timing(Json json) {
  json.erase("threads");
  json.erase("seconds");
  return json;
}

TEST_F(Program, GivesTheSameBitsForAnyNumberOfThreads) {
  for (const std::string method : {"stratified", "plain"}) {
    const Json one = without_timing(
        estimate_json({pentagon, "--method", method, "--samples", "1e6", "--threads", "1"}));
    for (const std::string threads : {"2", "3", "8"}) {
      EXPECT_EQ(without_timing(estimate_json(
                    {pentagon, "--method", method, "--samples", "1e6", "--threads", threads})),
                one);
    }
  }
}

TEST_F(Program, EstimatesEveryShippedModel) {
  for (const auto& entry : std::filesystem::directory_iterator(data)) {
    for (const std::string method : {"auto", "stratified"}) {
      const Json all = estimate_json(
          {entry.path().string(), "--instance", "all", "--rel-tol", "0.01", "--method", method});
      ASSERT_TRUE(all.is_array());
      for (const Json& json : all) {
        EXPECT_EQ(json["stop_reason"], json["method"] == "exact" ? "exact" : "precision")
            << entry.path();
        EXPECT_LE(json["one_sparse"]["rest"], json["one_sparse"]["rest_bound"]) << entry.path();
      }
    }
  }
}

TEST_F(Program, WritesAFileThatItCanShowAndReadAgain) {
  const std::vector<std::string> sampled{pentagon, "--method", "stratified", "--seed", "0"};
  const auto with = [](std::vector<std::string> arguments, std::vector<std::string> more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  const Outcome first = run_program(with({"estimate"}, with(sampled, {"-o", path("run.h5")})));
  EXPECT_EQ(first.code, done) << first.err;
  const Outcome shown = run_program({"show", path("run.h5")});
  EXPECT_EQ(shown.code, done) << shown.err;
  EXPECT_THAT(shown.out, AllOf(HasSubstr("skeleta estimate"), HasSubstr("--seed 0")));
  // The table is the same to the digit, but for the time.
  const auto table = [](const std::string& text) {
    return text.substr(text.find("   l"), text.find("samples in") - text.find("   l"));
  };
  EXPECT_EQ(table(shown.out), table(first.out));
  const Json direct = estimate_json(sampled);
  const Json stored = Json::parse(run_program({"show", path("run.h5"), "--json"}).out);
  EXPECT_EQ(without_timing(stored["runs"][0]), without_timing(direct));
  // A run file is accepted where a model is.
  std::vector<std::string> of_run = sampled;
  of_run.front() = path("run.h5");
  EXPECT_EQ(without_timing(estimate_json(of_run)), without_timing(direct));
}

TEST_F(Program, ShowsAModel) {
  const Outcome outcome = run_program({"show", data + "n80_m20_S0.98.h5"});
  EXPECT_EQ(outcome.code, done);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("80"), HasSubstr("20"), HasSubstr("0.02")));
}

TEST_F(Program, ShowsTheGeometry) {
  const Outcome outcome = run_program({"show", "--geometry", pentagon});
  EXPECT_EQ(outcome.code, done) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("5 columns in 2 dimensions"), HasSubstr("pentagon 2/5"),
                    HasSubstr("digon 1/2"), HasSubstr("Welch bound 0.6124"),
                    HasSubstr("orthoplex bound 0.7071"), HasSubstr("distance to instance 0")));
}

// A regular pentagon and the same one turned by half a circle; D = 2/5, Welch √(3/(2·4)).
TEST_F(Program, GivesTheGeometryAsJson) {
  const std::string file = model("two.h5",
                                 " t = 2 * np.pi * np.arange(5) / 5\n"
                                 " W = np.stack([np.cos(t), np.sin(t)])\n"
                                 " f['W'] = np.stack([W, -W])\n f['b'] = np.zeros((2, 5))\n");
  const Outcome outcome = run_program({"show", "--geometry", "--json", file});
  EXPECT_EQ(outcome.code, done) << outcome.err;
  const Json json = Json::parse(outcome.out);
  EXPECT_EQ(json["polytope_dimensionality"]["antiprism"], 0.375);
  ASSERT_EQ(json["instances"].size(), 2u);
  for (const Json& instance : json["instances"]) {
    for (const double x : instance["dimensionality"]) EXPECT_NEAR(x, 0.4, 1e-12);
    for (const double x : instance["norm"]) EXPECT_NEAR(x, 1.0, 1e-12);
    EXPECT_NEAR(instance["dimensions_per_feature"], 0.4, 1e-12);
    EXPECT_NEAR(instance["coherence_signed"], std::cos(2 * M_PI / 5), 1e-12);
    EXPECT_NEAR(instance["coherence_absolute"], std::cos(M_PI / 5), 1e-12);
    EXPECT_NEAR(instance["welch_bound"], std::sqrt(3 / 8.0), 1e-12);
    EXPECT_NEAR(instance["distance_to_first"], 0.0, 1e-12);
    EXPECT_EQ(instance["represented"], 5);
  }
}

// A run file holds the same numbers, bit by bit, as --geometry computes from its models.
TEST_F(Program, StoresTheGeometryInRunFiles) {
  run_program(
      {"estimate", pentagon, "--instance", "all", "--rel-tol", "0.1", "-o", path("run.h5")});
  const storage::RunFile run = storage::read_run(path("run.h5"));
  const Json json = Json::parse(run_program({"show", "--geometry", "--json", pentagon}).out);
  ASSERT_EQ(run.estimates.size(), json["instances"].size());
  for (std::size_t i = 0; i < run.estimates.size(); ++i) {
    ASSERT_TRUE(run.estimates[i].geometry);
    const geometry::ColumnGeometry& stored = *run.estimates[i].geometry;
    const Json& shown = json["instances"][i];
    EXPECT_EQ(shown["dimensionality"],
              std::vector<double>(stored.dimensionality.begin(), stored.dimensionality.end()));
    EXPECT_EQ(shown["coherence_signed"], stored.coherence.signed_max);
    EXPECT_EQ(shown["distance_to_first"], stored.distance_to_first);
    EXPECT_EQ(shown["welch_bound"], stored.welch_bound);
  }
}

TEST_F(Program, AcceptsThreeLinesOfH5py) {
  const std::string file = model("three.h5",
                                 " f['W'] = np.array([[1, -1], [0, 0]], 'f4')\n"
                                 " f['bias'] = np.zeros(2, 'f4')\n");
  // d = 1, D = 2, W = (1, −1), b = 0 costs p²/3, all of it in Q2 (data/README).
  const Json json = estimate_json({file, "--density", "0.1"});
  EXPECT_NEAR(json["loss"]["value"], 0.01 / 3, json["loss"]["error_bound"].get<double>() + 1e-17);
  EXPECT_NEAR(json["one_sparse"]["contribution"], 0.0, 1e-17);
}

TEST_F(Program, BiasIsMinusB) {
  const std::string b =
      model("b.h5", " f['W'] = np.array([[1., -.5, .3]])\n f['b'] = [.1, -.2, 0.]\n");
  const std::string bias =
      model("bias.h5", " f['W'] = np.array([[1., -.5, .3]])\n f['bias'] = [-.1, .2, 0.]\n");
  EXPECT_EQ(without_timing(estimate_json({b, "--sparsity", "0.5"})),
            without_timing(estimate_json({bias, "--density", "0.5"})));
}

TEST_F(Program, FlagsOverrideTheFileAndTheConfig) {
  const std::string config =
      write("run.toml", "density = 0.5\nsamples = 5000\nseed = 7\nmethod = 'plain'\n");
  const Json configured = estimate_json({pentagon, "--config", config});
  EXPECT_EQ(configured["seed"], 7);
  EXPECT_EQ(configured["samples"], 5000);
  EXPECT_EQ(configured["method"], "plain");
  EXPECT_NEAR(configured["one_sparse"]["probability_of_rest"], 1 - 6 / 32.0, 1e-12);
  const Json flags = estimate_json(
      {pentagon, "--config", config, "--seed", "3", "--sparsity", "0.9", "--rel-tol", "0.01"});
  EXPECT_EQ(flags["seed"], 3);
  EXPECT_EQ(flags["stop_reason"], "precision");
  EXPECT_NEAR(flags["one_sparse"]["probability_of_rest"],
              1 - std::pow(.9, 5) - .5 * std::pow(.9, 4), 1e-12);
}

TEST_F(Program, ImportanceScalesTheLoss) {
  const double one = estimate_json({pentagon})["loss"]["value"];
  const double four = estimate_json({pentagon, "--importance", "4"})["loss"]["value"];
  EXPECT_NEAR(four, 4 * one, 1e-12);
}

TEST_F(Program, SaysWhenThePrecisionWasMissed) {
  const Outcome outcome =
      run_program({"estimate", pentagon, "--rel-tol", "1e-9", "--max-samples", "1e5", "--json"});
  EXPECT_EQ(outcome.code, precision_missed);
  EXPECT_EQ(Json::parse(outcome.out)["stop_reason"], "max_samples");
}

TEST_F(Program, HelpAndVersion) {
  EXPECT_THAT(run_program({"--help"}).out, HasSubstr("Examples:"));
  EXPECT_THAT(run_program({}).out, HasSubstr("Examples:"));
  EXPECT_THAT(run_program({"estimate", "--help"}).out,
              AllOf(HasSubstr("Examples:"), HasSubstr("--rel-tol")));
  EXPECT_THAT(run_program({"--version"}).out,
              AllOf(HasSubstr("skeleta 0."), HasSubstr("commit"), HasSubstr("g++"),
                    HasSubstr("HDF5"), HasSubstr("Eigen")));
}

TEST_F(Program, RefusesBadUsage) {
  expect_refused({"estimat"}, AllOf(HasSubstr("'estimat'"), HasSubstr("'estimate'")));
  expect_refused({"estimate"}, HasSubstr("needs a model"));
  expect_refused({"show"}, HasSubstr("needs a file"));
  expect_refused({"estimate", pentagon, "--method", "magic"}, HasSubstr("magic"));
  expect_refused({"estimate", pentagon, "--frobnicate"}, HasSubstr("--frobnicate"));
  for (const std::string count : {"0", "-5", "1.5", "1e16", "abc", "nan", "1e400"}) {
    expect_refused({"estimate", pentagon, "--samples=" + count}, HasSubstr(count));
  }
  for (const std::string tolerance : {"0", "-1e-3", "nan", "inf", "abc"}) {
    expect_refused({"estimate", pentagon, "--rel-tol=" + tolerance}, HasSubstr("--rel-tol"));
    expect_refused({"estimate", pentagon, "--abs-tol=" + tolerance}, HasSubstr("--abs-tol"));
  }
  expect_refused({"estimate", pentagon, "--samples", "10", "--rel-tol", "0.1"},
                 HasSubstr("--samples"));
  for (const std::string instance : {"8", "-1", "x", "1.5"}) {
    expect_refused({"estimate", pentagon, "--instance=" + instance}, HasSubstr("0 to 7"));
  }
  for (const std::string value : {"1.5", "-0.1", "nan"}) {
    expect_refused({"estimate", pentagon, "--sparsity=" + value}, HasSubstr("--sparsity"));
    expect_refused({"estimate", pentagon, "--density=" + value}, HasSubstr("--density"));
  }
  expect_refused({"estimate", pentagon, "--density", ".1", "--sparsity", ".9"},
                 AllOf(HasSubstr("--density"), HasSubstr("--sparsity")));
  expect_refused({"estimate", pentagon, "--importance=-1"}, HasSubstr("--importance"));
  expect_refused({"estimate", pentagon, "--confidence", "1"}, HasSubstr("confidence"));
  expect_refused({"estimate", pentagon, "--threads=-1"}, HasSubstr("--threads"));
}

TEST_F(Program, GuessesWhatWasMeant) {
  expect_refused({"estimate", pentagon, "--sparsty", "0.9"}, HasSubstr("did you mean --sparsity?"));
  expect_refused({pentagon}, HasSubstr("skeleta estimate " + pentagon));
  for (const std::string seed : {"-1", "1.5", "x", "18446744073709551616"}) {
    expect_refused({"estimate", pentagon, "--seed=" + seed}, HasSubstr("--seed"));
  }
  expect_refused({"estimate", pentagon, "-o", ""}, HasSubstr("-o"));
}

TEST_F(Program, DrawsExactlyTheSamplesThatWereAskedFor) {
  for (const std::string method : {"plain", "stratified"}) {
    for (const std::string samples : {"100", "1000", "12345"}) {
      EXPECT_EQ(estimate_json({pentagon, "--method", method, "--samples", samples})["samples"],
                std::stoi(samples));
    }
    const Outcome limited = run_program({"estimate", pentagon, "--method", method, "--rel-tol",
                                         "1e-6", "--max-samples", "500", "--json"});
    EXPECT_EQ(limited.code, precision_missed);
    EXPECT_EQ(Json::parse(limited.out)["samples"], 500);
    expect_refused({"estimate", pentagon, "--method", method, "--samples", "1"},
                   HasSubstr("too few"));
  }
  expect_refused({"estimate", pentagon, "--samples", "10", "--max-samples", "5"},
                 HasSubstr("--max-samples"));
}

TEST_F(Program, SaysWhenSamplesSeeNothing) {
  // At this density a thousand points of plain sampling hit nothing but 0.
  const Outcome outcome = run_program({"estimate", pentagon, "--method", "plain", "--density",
                                       "1e-9", "--max-samples", "2e5", "--json"});
  EXPECT_EQ(outcome.code, precision_missed);
  EXPECT_GT(Json::parse(outcome.out)["loss"]["high"], 1e-10);
}

TEST_F(Program, RefusesALossThatOverflows) {
  const std::string large =
      model("large.h5", " f['W'] = np.full((2, 4), 1e60)\n f['b'] = np.zeros(4)\n");
  expect_refused({"estimate", large, "--density", ".5", "--method", "stratified"},
                 HasSubstr("overflows"));
}

TEST_F(Program, FollowsLinksInsteadOfReplacingThem) {
  std::filesystem::create_symlink("real.h5", path("link.h5"));
  EXPECT_EQ(run_program({"estimate", pentagon, "-o", path("link.h5")}).code, done);
  EXPECT_TRUE(std::filesystem::is_symlink(path("link.h5")));
  EXPECT_EQ(run_program({"show", path("real.h5")}).code, done);
}

TEST_F(Program, NoticesWhenItsOutputIsLost) {
  std::ofstream full("/dev/full");
  std::ostringstream err;
  EXPECT_EQ(run({"estimate", pentagon, "--json"}, full, err), failed);
  EXPECT_THAT(err.str(), HasSubstr("output"));
}

TEST_F(Program, RefusesABadConfig) {
  const auto refused = [&](const std::string& text, const std::string& message) {
    expect_refused({"estimate", pentagon, "--config", write("bad.toml", text)}, HasSubstr(message));
  };
  refused("sampels = 100\n", "did you mean 'samples'");
  refused("samples = [1, 2]\n", "line 1");
  refused("\nsamples = = 3\n", "line 2");
  refused("density = 0.1\nsparsity = 0.9\n", "cannot be given together");
  refused("rel-tol = -1\n", "--rel-tol");
  expect_refused({"estimate", pentagon, "--config", path("none.toml")}, HasSubstr("none.toml"));
}

TEST_F(Program, RefusesBadModels) {
  expect_refused({"estimate", path("none.h5")}, HasSubstr("none.h5"));
  expect_refused({"estimate", folder_}, HasSubstr(folder_));
  expect_refused({"estimate", write("text.h5", "hello")}, HasSubstr("HDF5"));
  const std::string no_density =
      model("no_density.h5", " f['W'] = np.ones((1, 3))\n f['b'] = np.zeros(3)\n");
  expect_refused({"estimate", no_density}, AllOf(HasSubstr("--sparsity"), HasSubstr("--density")));
  const std::string nan =
      model("nan.h5", " f['W'] = np.array([[1., np.nan]])\n f['b'] = np.zeros(2)\n");
  expect_refused({"estimate", nan, "--density", ".1"}, AllOf(HasSubstr("W"), HasSubstr("[0, 1]")));
  const std::string wide = model("wide.h5", " f['W'] = np.ones((3, 2))\n f['b'] = np.zeros(2)\n");
  expect_refused({"estimate", wide, "--density", ".1"}, HasSubstr("transposed"));
  EXPECT_EQ(run_program({"estimate", wide, "--density", ".1", "--allow-wide"}).code, done);
}

TEST_F(Program, LeavesExistingFilesAlone) {
  write("there.h5", "precious");
  expect_refused({"estimate", pentagon, "-o", path("there.h5")}, HasSubstr("--force"));
  std::string kept;
  std::getline(std::ifstream(path("there.h5")), kept);
  EXPECT_EQ(kept, "precious");
  EXPECT_EQ(run_program({"estimate", pentagon, "-o", path("there.h5"), "--force"}).code, done);
  EXPECT_EQ(run_program({"show", path("there.h5")}).code, done);
  expect_refused({"estimate", path("there.h5"), "-o", path("there.h5"), "--force"},
                 HasSubstr("the model itself"));
  expect_refused({"estimate", pentagon, "-o", path("no/folder.h5")}, HasSubstr("folder"));
  expect_refused({"estimate", pentagon, "-o", folder_}, HasSubstr(folder_));
}

TEST_F(Program, SurvivesAFullDisk) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit limit{4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
    std::ostringstream out, err;
    const int code = run({"estimate", pentagon, "--threads", "1", "-o", path("full.h5")}, out, err);
    _exit(code == failed && err.str().find("full.h5") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder_))
    left.push_back(entry.path());
  EXPECT_THAT(left, ::testing::IsEmpty());
}

}  // namespace
}  // namespace skeleta::program
