#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "../../lib/storage/seal.h"
#include "workplace.h"

namespace skeleta::program {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Json = nlohmann::json;

const std::string pentagon = SKELETA_SOURCE_DIR "/data/trained/n5_m2_S0.95.h5";

Outcome approximate(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "approximate");
  return run_program(arguments);
}

Json approximate_json(std::vector<std::string> arguments, int code = done) {
  arguments.push_back("--json");
  const Outcome outcome = approximate(arguments);
  EXPECT_EQ(outcome.code, code) << outcome.err;
  return Json::parse(outcome.out);
}

void expect_one_sentence(const std::vector<std::string>& arguments, const std::string& part) {
  const Outcome outcome = approximate(arguments);
  EXPECT_EQ(outcome.code, usage) << part;
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, AllOf(::testing::StartsWith("skeleta: "), HasSubstr(part)));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
}

// P(N ≥ 2) = 1 − .95⁵ − 5·.05·.95⁴ = .0225925; e_2 = 10·.05².
TEST(Approximate, GivesTheLawOfTheNumberOfActiveFeatures) {
  const Json json = approximate_json(
      {"--features", "5", "--sparsity", "0.95", "--table", "0.9,0.95", "--epsilon", "0.0225925"});
  ASSERT_EQ(json["probability"].size(), 6u);
  double sum = 0.0;
  for (const Json& p : json["probability"]) sum += p.get<double>();
  EXPECT_NEAR(sum, 1.0, 1e-15);
  const Json& two = json["tail"][1];
  EXPECT_EQ(two["m"], 2);
  EXPECT_NEAR(two["exact"], 0.0225925, 1e-15);
  EXPECT_NEAR(two["union"], 0.025, 1e-15);
  EXPECT_GT(two["chernoff"], two["exact"]);
  EXPECT_NEAR(two["poisson"], 1.0 - 1.25 * std::exp(-0.25), 1e-14);
  EXPECT_FALSE(two.contains("loss"));
  EXPECT_NEAR(json["largest_density"]["two_active"], 0.05, 1e-12);  // epsilon is P(N >= 2) there
  EXPECT_LT(json["largest_density"]["ratio"], 0.05);
  ASSERT_EQ(json["table"].size(), 2u);
  EXPECT_NEAR(json["table"][1]["two"], 0.0225925, 1e-15);
  for (const char* key : {"seed", "threads", "seconds", "rigorous"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  for (const char* key : {"certificate", "certified", "curve", "loss", "gradient"}) {
    EXPECT_FALSE(json.contains(key)) << key;
  }
  const Json density = approximate_json({"--features", "5", "--density", "0.05"});
  EXPECT_NEAR(density["tail"][1]["exact"], 0.0225925, 1e-15);
  EXPECT_FALSE(approximate_json({"--features", "5", "--table", "0.9"}).contains("tail"));
}

// 62 % of the loss of the trained pentagon is beyond Q1 (MATH section 4).
TEST(Approximate, SaysHowMuchOfAModelsLossIsBeyondQ1) {
  const Json json = approximate_json({pentagon});
  const Json& two = json["tail"][1];
  EXPECT_NEAR(two["share"], 0.62, 0.01);
  double before = json["loss"]["value"];
  double parts = 0.0;
  for (const Json& row : json["tail"]) {
    EXPECT_GE(row["loss_bound"], row["loss"]);
    EXPECT_LE(row["loss"], before * (1 + 1e-9));
    before = row["loss"];
  }
  for (const Json& part : json["loss"]["contribution"]) parts += part.get<double>();
  EXPECT_NEAR(parts, json["loss"]["value"], 1e-9);
  ASSERT_EQ(json["gradient"].size(), 3u);
  EXPECT_TRUE(json["gradient"][0]["angle"].is_null());  // Q0 alone has no gradient here
  EXPECT_LT(json["gradient"][2]["angle"], json["gradient"][1]["angle"]);
  const Json all = approximate_json({pentagon, "--instance", "all"});
  ASSERT_EQ(all.size(), 8u);
  EXPECT_EQ(all[0]["loss"], json["loss"]);
  EXPECT_EQ(all[7]["instance"], 7);
}

// The pentagon: .0089035937 by an independent minimisation of the 60-digit loss.
TEST(Approximate, PrintsACertificate) {
  for (const std::vector<std::string>& setting :
       {std::vector<std::string>{"--features", "5", "--hidden", "2", "--sparsity", "0.95"},
        std::vector<std::string>{pentagon}}) {
    std::vector<std::string> arguments = setting;
    for (const char* argument : {"--train", "--k-max", "2", "--starts", "12"}) {
      arguments.push_back(argument);
    }
    const Json json = approximate_json(arguments);
    ASSERT_EQ(json["certificate"].size(), 2u);
    for (const Json& row : json["certificate"]) {
      EXPECT_NEAR(row["minimum"], 0.0089035937, 1e-10);
      EXPECT_LE(row["lower"], row["minimum"]);
      EXPECT_GE(row["upper"], row["minimum"]);
      EXPECT_GT(row["excess"], 0.0);
      EXPECT_TRUE(row["same_configuration"].get<bool>());
      EXPECT_EQ(row["starts"], 12);
      EXPECT_GE(row["hits"], 1);
    }
    EXPECT_THAT(json["rigorous"].get<std::string>(), HasSubstr("rigorous only if theta_k is"));
  }
}

TEST(Approximate, DrawsACurveOverSparsities) {
  const Json json = approximate_json({"--features", "3", "--hidden", "1", "--train", "--sparsities",
                                      "0.8:0.999:3", "--starts", "6"});
  ASSERT_EQ(json["curve"].size(), 3u);
  EXPECT_NEAR(json["curve"][1]["sparsity"], 0.8995, 1e-12);
  EXPECT_GT(json["curve"][0]["excess"], json["curve"][2]["excess"]);
  EXPECT_FALSE(json.contains("tail"));
  const Json& largest = json["largest_density"]["excess"];
  for (const Json& row : json["curve"]) {
    if (largest.is_null() || 1.0 - row["sparsity"].get<double>() > largest.get<double>()) continue;
    EXPECT_LE(row["excess"].get<double>(), 0.01 * row["minimum"].get<double>());
  }
}

// The minimum recorded by an independent prototype.
TEST(Approximate, CertifiesTwoFeatures) {
  const std::vector<std::string> setting{"--features", "2",   "--hidden", "1",
                                         "--sparsity", "0.9", "--certify"};
  const Json certified = approximate_json(setting)["certified"];
  EXPECT_LE(certified["lower"], 0.0033194839 + 1e-10);
  EXPECT_GE(certified["upper"], 0.0033194839 - 1e-10);
  EXPECT_LE(certified["gap"], 1.001e-5 * certified["upper"].get<double>());
  EXPECT_EQ(certified["stop_reason"], "gap");

  std::vector<std::string> few = setting, one = setting;
  few.insert(few.end(), {"--max-boxes", "10"});
  EXPECT_EQ(approximate_json(few, precision_missed)["certified"]["stop_reason"], "boxes");
  one.insert(one.end(), {"--k", "1"});  // an antipodal pair is perfect on Q1
  EXPECT_LT(approximate_json(one)["certified"]["upper"], 1e-8);
}

TEST(Approximate, CalledOffItTellsTheBoundsSoFar) {
  const std::vector<std::string> arguments{"approximate", "--features", "3",         "--hidden",
                                           "2",           "--sparsity", "0.9",       "--certify",
                                           "--json",      "--quiet",    "--threads", "1"};
  const Outcome outcome = run_called_off(arguments, 20'000);
  EXPECT_EQ(outcome.code, interrupted);
  const Json json = Json::parse(outcome.out);
  EXPECT_TRUE(json["interrupted"]);
  EXPECT_GE(json["certified"]["lower"], 0.0);
  EXPECT_EQ(json["certified"]["stop_reason"], "interrupted");
  EXPECT_GT(json["certified"]["boxes"], 0);
  // At whatever moment: a report, or that there is none.
  for (const std::uint64_t at : {1, 10, 100, 1000}) {
    EXPECT_EQ(run_called_off(arguments, at).code, interrupted) << at;
  }
}

using ApproximateFile = Workplace;

TEST_F(ApproximateFile, HoldsWhatIsPrinted) {
  const Json json =
      approximate_json({pentagon, "--train", "--k-max", "2", "--starts", "4", "--instance", "0",
                        "--table", "0.9,0.95", "-o", path("a.h5")});
  const Json file = Json::parse(run_program({"show", path("a.h5"), "--json"}).out);
  const Json& found = file["approximation"];
  EXPECT_EQ(file["filetype"], "skeleta approximate");
  EXPECT_EQ(found["probability"], json["probability"]);
  EXPECT_EQ(found["contribution"][0], json["loss"]["contribution"]);
  EXPECT_EQ(found["tail"][2], json["tail"][1]["exact"]);
  EXPECT_EQ(found["lower"][0][1], json["certificate"][1]["lower"]);
  EXPECT_EQ(found["excess"][0][0], json["certificate"][0]["excess"]);
  EXPECT_NEAR(double(found["sparsity"][0]), 0.95, 1e-15);
  EXPECT_EQ(found["table_two"][1], json["table"][1]["two"]);
  EXPECT_THAT(run_program({"show", path("a.h5")}).out,
              AllOf(HasSubstr("P(N >= m)"), HasSubstr("trained on at most k active features")));
  const Outcome again = approximate({pentagon, "-o", path("a.h5")});
  EXPECT_EQ(again.code, usage);
  EXPECT_THAT(again.err, HasSubstr("--force"));
}

std::vector<std::string> certify(const std::string& file, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"--features", "3",         "--hidden", "1",  "--sparsity",
                                     "0.9",        "--certify", "--quiet",  "-o", file};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST_F(ApproximateFile, CertificationGoesOnToTheSameBits) {
  ASSERT_EQ(approximate(certify(path("one.h5"))).code, done);
  for (const std::string boxes : {"1000", "3000", "9000"}) {
    EXPECT_EQ(approximate(certify(path("parts.h5"), {"--max-boxes", boxes})).code,
              precision_missed);
  }
  EXPECT_EQ(approximate(certify(path("parts.h5"))).code, done);
  expect_same_datasets("one.h5", "parts.h5");
  EXPECT_EQ(approximate(certify(path("parts.h5"))).code, done);  // there is nothing left to do
  expect_same_datasets("one.h5", "parts.h5");
}

std::vector<std::string> certify_command(const std::string& file) {
  std::vector<std::string> arguments = certify(file, {"--threads", "1"});
  arguments.insert(arguments.begin(), "approximate");
  return arguments;
}

TEST_F(ApproximateFile, CertificationSurvivesBeingKilled) {
  const std::uint64_t polls = polls_of(certify_command(path("one.h5")));
  std::size_t continued = 0;
  for (std::uint64_t k = 1; k <= 4; ++k) {
    run_and_kill(certify_command(path("killed.h5")), k * polls / 8);
    if (!exists("killed.h5")) continue;
    ++continued;
    EXPECT_EQ(run_program({"show", path("killed.h5")}).code, done);
  }
  EXPECT_GT(continued, 0u);
  ASSERT_EQ(approximate(certify(path("killed.h5"))).code, done);
  expect_same_datasets("one.h5", "killed.h5");
}

// Called off in the midst of a round, it goes on from the round's beginning.
TEST_F(ApproximateFile, CertificationGoesOnFromWhereItWasCalledOff) {
  const std::uint64_t polls = polls_of(certify_command(path("one.h5")));
  for (std::uint64_t k = 1; k <= 2; ++k) {
    const Outcome outcome = run_called_off(certify_command(path("parts.h5")), k * polls / 5);
    EXPECT_THAT(outcome.code, ::testing::AnyOf(interrupted, done));
  }
  ASSERT_EQ(approximate(certify(path("parts.h5"))).code, done);
  expect_same_datasets("one.h5", "parts.h5");
}

TEST_F(ApproximateFile, RefusesToGoOnFromAnotherProblem) {
  ASSERT_EQ(approximate(certify(path("a.h5"), {"--max-boxes", "1000"})).code, precision_missed);
  const std::string before = contents("a.h5");
  const Outcome other = approximate(certify(path("a.h5"), {"--k", "1"}));
  EXPECT_EQ(other.code, usage);
  EXPECT_THAT(other.err, HasSubstr("its k is not given, not 1"));
  EXPECT_EQ(contents("a.h5"), before);
  write("damage.py",
        "import h5py, sys\nwith h5py.File(sys.argv[1], 'r+') as f: del f['certified/b']\n");
  ASSERT_EQ(std::system(("/usr/bin/python3 " + path("damage.py") + " " + path("a.h5")).c_str()), 0);
  const Outcome damaged = approximate(certify(path("a.h5")));
  EXPECT_EQ(damaged.code, usage);
  EXPECT_THAT(damaged.err, HasSubstr("has no dataset /certified/b"));
}

// What another program changed has no checksum; with one, as a forger would give it, what can be
// derived again is still not believed.
TEST_F(ApproximateFile, NeverProvesWhatWasTamperedWith) {
  ASSERT_EQ(approximate(certify(path("good.h5"), {"--max-boxes", "1000"})).code, precision_missed);
  const auto continue_altered = [&](const std::string& statement, bool with_seal) {
    write("alter.py", "import h5py, sys, numpy as np\nwith h5py.File(sys.argv[1], 'r+') as f:\n  " +
                          statement + "\n");
    std::filesystem::copy_file(path("good.h5"), path("bad.h5"),
                               std::filesystem::copy_options::overwrite_existing);
    const std::string command = "/usr/bin/python3 " + path("alter.py") + " " + path("bad.h5");
    EXPECT_EQ(std::system(command.c_str()), 0);
    if (with_seal) {
      const std::string text = contents("bad.h5");
      std::vector<char> bytes(text.begin(), text.end());
      storage::add_seal(bytes);
      write("bad.h5", std::string(bytes.begin(), bytes.end()));
    }
    return approximate(certify(path("bad.h5"), {"--max-boxes", "1100"}));
  };
  const Outcome unsealed = continue_altered("f['certified/lower'][0] *= 1 + 1e-9", false);
  EXPECT_EQ(unsealed.code, usage);
  EXPECT_THAT(unsealed.err, HasSubstr("it has no checksum, so another program has changed it"));
  EXPECT_EQ(continue_altered("pass", true).code, precision_missed);
  const std::pair<const char*, const char*> lies[] = {
      {"f['certified/lower'][0] = 1e9", "/certified/lower[0] is 1000000000, above"},
      {"f['certified/lower'][0] = f['certified/upper'][0]", "below lower ="},
      {"f['certified/upper'][0] = 0; f['certified/lower'][0] = 0", "but its model has the loss"},
      {"f['certified/upper'][0] = np.nan", "/certified/upper[0] is nan"},
      {"f['certified/open'][0, 0] = np.nan", "/certified/open[0, 0] is nan"},
      {"f['certified/open'][0, 0] = 1e9", "but it has a model of loss"},
      {"del f['certified/open']", "has no dataset /certified/open, which belongs to"},
      {"[f.pop('certified/' + name) for name in ('open', 'box', 'entry')]", "no box is open"},
      {"del f['certified/hidden']; f['certified/hidden'] = 1", "/certified/hidden has shape []"},
  };
  for (const auto& [statement, sentence] : lies) {
    const Outcome outcome = continue_altered(statement, true);
    EXPECT_EQ(outcome.code, usage) << statement;
    EXPECT_THAT(outcome.err, HasSubstr(sentence)) << statement;
  }
}

// D > d + 1: four smaller problems come first.
TEST(Approximate, CalledOffInTheSmallerProblemsItEndsToo) {
  const Outcome outcome =
      run_called_off({"approximate", "--features", "4", "--hidden", "1", "--sparsity", "0.9",
                      "--certify", "--rel-gap", "1e-6", "--quiet", "--json"},
                     3000);
  EXPECT_EQ(outcome.code, interrupted);
  EXPECT_EQ(Json::parse(outcome.out)["certified"]["radius"], -1.0);  // not known yet
}

// What was trained before stays, and the file says that the rest is missing.
TEST_F(ApproximateFile, CalledOffInTrainingItIsMarkedUnfinished) {
  const std::vector<std::string> arguments{
      "approximate", "--features",   "4",         "--hidden",  "2", "--train", "--starts", "4",
      "--quiet",     "--sparsities", "0.8:0.9:3", "--threads", "1"};
  const std::uint64_t polls = polls_of(arguments);
  std::vector<std::string> stopped = arguments;
  stopped.insert(stopped.end(), {"-o", path("part.h5")});
  EXPECT_EQ(run_called_off(stopped, polls / 2).code, interrupted);
  const Json file = Json::parse(run_program({"show", path("part.h5"), "--json"}).out);
  EXPECT_EQ(file["approximation"]["stop_reason"], Json::parse("[\"interrupted\"]"));
  EXPECT_EQ(file["approximation"]["sparsity"].size(), 1u);
  EXPECT_THAT(run_program({"show", path("part.h5")}).out, HasSubstr("interrupted"));
  const Outcome again = run_program(stopped);  // it is not taken for finished
  EXPECT_EQ(again.code, done);
  EXPECT_EQ(again.err, "");
  std::vector<std::string> whole = arguments;
  whole.insert(whole.end(), {"-o", path("whole.h5")});
  EXPECT_EQ(run_program(whole).code, done);
  EXPECT_EQ(
      Json::parse(
          run_program({"show", path("whole.h5"), "--json"}).out)["approximation"]["stop_reason"],
      Json::parse("[\"done\"]"));
}

TEST(Approximate, ExplainsItselfToPeople) {
  EXPECT_THAT(approximate({"--help"}).out, AllOf(HasSubstr("Examples:"), HasSubstr("--certify")));
  const Outcome outcome = approximate({"--features", "2", "--hidden", "1", "--sparsity", "0.9",
                                       "--train", "--certify", "--starts", "4"});
  EXPECT_EQ(outcome.code, done) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("P(N >= m)"), HasSubstr("excess"),
                                 HasSubstr("certified 0.003319"), HasSubstr("many models attain")));
}

TEST(Approximate, RefusesBadInput) {
  const auto with = [](std::vector<std::string> more) {
    more.insert(more.begin(), {"--features", "5", "--sparsity", "0.9"});
    return more;
  };
  expect_one_sentence({}, "needs a model");
  expect_one_sentence({"--features", "5"}, "--sparsity");
  expect_one_sentence({"--features", "0", "--sparsity", "0.9"}, "--features 0");
  expect_one_sentence({"--features", "5", "--sparsity", "1.5"}, "--sparsity");
  expect_one_sentence({"--features", "5", "--density", "-0.5"}, "--density");
  for (const std::string epsilon : {"0", "1", "-0.1", "nan"}) {
    expect_one_sentence(with({"--epsilon=" + epsilon}), "--epsilon");
  }
  for (const std::string k : {"-1", "6"}) {
    expect_one_sentence(with({"--hidden", "2", "--certify", "--k=" + k}), "--k " + k);
  }
  for (const std::string k : {"-1", "0", "6"}) {
    expect_one_sentence(with({"--hidden", "2", "--train", "--k-max=" + k}), "--k-max " + k);
  }
  expect_one_sentence(with({"--hidden", "6"}), "--hidden 6");
  expect_one_sentence(with({"--train"}), "--hidden");
  expect_one_sentence(with({"--k", "1"}), "--certify");
  expect_one_sentence(with({"--starts", "3"}), "--train");
  expect_one_sentence(with({"--table", "0.5,x"}), "'x'");
  expect_one_sentence(with({"--table", "0.5,2"}), "2");
  expect_one_sentence(with({"--instance", "1"}), "a model");
  expect_one_sentence({pentagon, "--features", "6"}, "contradicts");
  expect_one_sentence({pentagon, "--hidden", "3"}, "contradicts");
  expect_one_sentence({pentagon, "--instance", "8"}, "0 to 7");
  expect_one_sentence(with({"--hidden", "2", "--certify", "--rel-gap", "0"}), "--rel-gap");
  expect_one_sentence({"--features", "4", "--hidden", "2", "--train", "--sparsities", "0.5:0.9"},
                      "A:B:N");
}

// Two exclusive features and an independent one, half-normal: P(N ≥ 2) = (.1 + .1)·.1.
TEST(Approximate, KnowsOtherLaws) {
  const std::vector<std::string> law{
      "--features",     "3",        "--density",    "0.1", "--groups",
      "exclusive(0,1)", "--values", "half-normal:1"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), law.begin(), law.end());
    return more;
  };
  const Json json = approximate_json(
      with({"--hidden", "1", "--train", "--starts", "2", "--k-max", "1", "--quiet"}));
  EXPECT_NEAR(json["tail"][1]["exact"], 0.02, 1e-15);
  EXPECT_NEAR(json["tail"][0]["union"], 0.3, 1e-15);
  const Json& row = json["certificate"][0];
  EXPECT_LE(row["lower"], row["minimum"]);
  EXPECT_LE(row["minimum"], row["upper"]);
  expect_one_sentence(with({"--table", "0.9"}), "independent features");
  expect_one_sentence(with({"--hidden", "1", "--certify"}), "knows only independent features");
  const Json model = approximate_json({pentagon, "--values", "exponential:0.3", "--quiet"});
  for (const Json& tail : model["tail"]) {
    if (!tail.contains("loss")) continue;
    EXPECT_GE(double(tail["loss_bound"]), double(tail["loss"]));
  }
  EXPECT_EQ(model["gradient"].size(), 3u);
}

}  // namespace
}  // namespace skeleta::program
