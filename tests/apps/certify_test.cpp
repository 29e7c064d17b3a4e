#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "workplace.h"

namespace skeleta::program {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class CertifyCommand : public Workplace {};

TEST_F(CertifyCommand, ProvesWritesAndChecks) {
  const std::string file = path("pentagon.txt");
  const Outcome proof = run_program({"certify", "--features", "5", "--hidden", "2", "-o", file});
  ASSERT_EQ(proof.code, done) << proof.err;
  EXPECT_THAT(proof.out, HasSubstr("exactly one minimum"));
  EXPECT_THAT(proof.out, HasSubstr("regular pentagon"));
  const std::string text = contents("pentagon.txt");
  EXPECT_THAT(text, HasSubstr("skeleta polygon certificate 1\ncorners 5\ncolumn 0x1."));
  // The same bytes with any number of threads.
  ASSERT_EQ(
      run_program({"certify", "--features", "5", "-o", file, "--force", "--threads", "1"}).code,
      done);
  EXPECT_EQ(contents("pentagon.txt"), text);

  const Outcome checked = run_program({"certify", "--check", file, "--json"});
  ASSERT_EQ(checked.code, done) << checked.err;
  const Json json = Json::parse(checked.out);
  const Json& certified = json["certified"];
  EXPECT_EQ(json["features"], 5);
  EXPECT_TRUE(certified["proven"]);
  EXPECT_TRUE(certified["unique"]);
  EXPECT_LE(certified["lower"], certified["upper"]);
  EXPECT_NEAR(certified["lower"], 0.0791281353724, 1e-12);
  EXPECT_LT(certified["gap"], 1e-12);
  EXPECT_THAT(std::string(certified["statement"]), HasSubstr("regular pentagon"));
  for (const char* key : {"boxes", "method", "column"}) EXPECT_TRUE(certified.contains(key)) << key;
}

TEST_F(CertifyCommand, FindsTheMinimaOfTheWholeLossNearThePentagon) {
  const std::string file = path("stable.txt");
  const Outcome outcome = run_program({"certify", "--features", "5", "--stable", "-o", file});
  ASSERT_EQ(outcome.code, done) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("at every sparsity from 0.99"));
  const Outcome checked = run_program({"certify", "--check", file, "--json"});
  ASSERT_EQ(checked.code, done) << checked.err;
  const Json stable = Json::parse(checked.out)["certified"]["stable"];
  EXPECT_EQ(stable["slack"], 0.011);
  EXPECT_LT(stable["from_sparsity"], 0.9965);
  EXPECT_EQ(run_program({"certify", "--features", "6", "--stable"}).code, usage);
}

TEST_F(CertifyCommand, ProvesThatOnePentagonIsBestForSparseFeatures) {
  const std::string file = path("unique.txt");
  const Outcome outcome = run_program({"certify", "--features", "5", "--unique", "-o", file});
  ASSERT_EQ(outcome.code, done) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("exactly one global minimum"));
  EXPECT_THAT(outcome.out, HasSubstr("at every sparsity from 0.9998"));
  const Outcome checked = run_program({"certify", "--check", file, "--json"});
  ASSERT_EQ(checked.code, done) << checked.err;
  const Json whole = Json::parse(checked.out)["certified"]["whole_loss"];
  EXPECT_LT(whole["from_sparsity"], 0.99985);
  EXPECT_EQ(run_program({"certify", "--features", "6", "--unique"}).code, usage);
}

// Typed again: the certificate that is there is checked and shown; one of something else is left
// alone.
TEST_F(CertifyCommand, ShowsWhatItHasProvenBefore) {
  const std::string file = path("pentagon.txt");
  const std::vector<std::string> asked{"certify", "--features", "5", "-o", file};
  const Outcome first = run_program(asked), again = run_program(asked);
  const std::string text = contents("pentagon.txt");
  ASSERT_EQ(first.code, done) << first.err;
  EXPECT_EQ(again.code, done) << again.err;
  EXPECT_EQ(again.out.substr(0, again.out.find('\n')), first.out.substr(0, first.out.find('\n')));
  EXPECT_THAT(again.err, HasSubstr("has the proof already: it was checked"));
  for (const std::vector<std::string>& other :
       {std::vector<std::string>{"--features", "6"}, {"--features", "5", "--stable"}}) {
    std::vector<std::string> arguments{"certify", "-o", file};
    arguments.insert(arguments.end(), other.begin(), other.end());
    const Outcome refused = run_program(arguments);
    EXPECT_EQ(refused.code, usage);
    EXPECT_THAT(refused.err, HasSubstr("has the certificate of another statement"));
  }
  EXPECT_EQ(contents("pentagon.txt"), text);
  write("pentagon.txt", "my own words\n");
  EXPECT_EQ(run_program(asked).code, usage);
  EXPECT_EQ(contents("pentagon.txt"), "my own words\n");
}

// A grid that was called off goes on to the same bytes, and is not begun again.
TEST_F(CertifyCommand, GoesOnWithAGrid) {
  const auto grid = [&](const std::string& file, const std::string& gap = "1e-3") {
    return std::vector<std::string>{"certify",
                                    "--phases",
                                    "--importances",
                                    "0.3:3:9:log",
                                    "--densities",
                                    "0.02:0.1:9:log",
                                    "--interferences",
                                    "0,0.02",
                                    "--rel-gap",
                                    gap,
                                    "--threads",
                                    "1",
                                    "-o",
                                    path(file)};
  };
  ASSERT_EQ(run_program(grid("whole.txt")).code, done);
  const std::uint64_t polls = polls_of(grid("other.txt"));
  ASSERT_EQ(contents("other.txt"), contents("whole.txt"));
  const Outcome parted = run_called_off(grid("parts.txt"), polls / 2);
  EXPECT_EQ(parted.code, interrupted) << parted.err;
  EXPECT_THAT(parted.out, HasSubstr("at 64 points is proven"));
  EXPECT_LT(contents("parts.txt").size(), contents("whole.txt").size());
  const Outcome rest = run_program(grid("parts.txt"));
  EXPECT_EQ(rest.code, done) << rest.err;
  EXPECT_THAT(rest.err, HasSubstr(" of 162 points"));
  EXPECT_EQ(contents("parts.txt"), contents("whole.txt"));
  run_and_kill(grid("killed.txt"), 3 * polls / 4);
  EXPECT_EQ(run_program(grid("killed.txt")).code, done);
  EXPECT_EQ(contents("killed.txt"), contents("whole.txt"));
  const Outcome again = run_program(grid("whole.txt"));
  EXPECT_EQ(again.code, done);
  EXPECT_THAT(again.err, HasSubstr("has the proof already"));
  EXPECT_THAT(run_program(grid("whole.txt", "1e-4")).err, HasSubstr("of another gap"));
}

TEST_F(CertifyCommand, SharesAxes) {
  const Outcome outcome = run_program({"certify", "--features", "3", "--hidden", "2",
                                       "--axis-columns", "--sparsity", "0.9", "--json"});
  ASSERT_EQ(outcome.code, done) << outcome.err;
  const Json certified = Json::parse(outcome.out)["certified"];
  EXPECT_NEAR(certified["lower"], 0.00331945, 1e-8);
  EXPECT_LE(certified["lower"], certified["upper"]);
  EXPECT_TRUE(certified["unique"]);
  EXPECT_EQ(certified["blocks"].size(), 2u);
  EXPECT_THAT(std::string(certified["statement"]), HasSubstr("with 2 + 1 features on the axes"));
  EXPECT_THAT(run_program({"certify", "--features", "3", "--axis-columns", "--density", "0.1"}).out,
              HasSubstr("which no other split reaches"));
}

TEST_F(CertifyCommand, NamesPhases) {
  const std::string file = path("phases.txt");
  const std::vector<std::string> asked{"certify",     "--phases", "--importances",   "0.5,1",
                                       "--densities", "0.05,0.1", "--interferences", "0:0.04:2"};
  std::vector<std::string> written = asked;
  written.insert(written.end(), {"-o", file});
  const Outcome proof = run_program(written);
  ASSERT_EQ(proof.code, done) << proof.err;
  EXPECT_THAT(proof.out, HasSubstr("is proven: 2 drop, 4 antipodal, 2 either."));
  EXPECT_THAT(proof.out, HasSubstr("antipodal up to, and no more from, an interference of"));
  EXPECT_THAT(contents("phases.txt"),
              HasSubstr("skeleta phase certificate 2\nphase antipodal\npoint 0x1p-1 "));
  const Outcome checked = run_program({"certify", "--check", file, "--json"});
  ASSERT_EQ(checked.code, done) << checked.err;
  const Json certified = Json::parse(checked.out)["certified"];
  EXPECT_TRUE(certified["proven"]);
  ASSERT_EQ(certified["points"].size(), 8u);
  const Json& first = certified["points"][0];
  EXPECT_EQ(first["phase"], "antipodal");
  EXPECT_LE(first["lower"], first["upper"]);
  EXPECT_EQ(first["upper"], first["antipodal"]);
  EXPECT_GT(first["columns"][0], 0.0);
  EXPECT_LT(first["columns"][1], 0.0);
  EXPECT_EQ(certified["critical_interference"][0]["low"], 0.0);
  EXPECT_EQ(certified["critical_interference"][0]["high"], 0.04);

  std::string text = contents("phases.txt");
  const std::size_t place = text.find("phase either");
  text.replace(place, 12, "phase drop");
  std::uint64_t hash = 0xcbf29ce484222325;
  const std::size_t end = text.rfind("digest ");
  for (std::size_t n = 0; n < end; ++n) {
    hash = (hash ^ static_cast<unsigned char>(text[n])) * 0x100000001b3;
  }
  char digest[32];
  std::snprintf(digest, sizeof digest, "digest %016llx\n", static_cast<unsigned long long>(hash));
  const Outcome found =
      run_program({"certify", "--check", write("forged.txt", text.substr(0, end) + digest)});
  EXPECT_EQ(found.code, failed);
  EXPECT_THAT(found.out,
              HasSubstr("not proven: importance 1, density 0.05, interference 0.04, character"));
}

TEST_F(CertifyCommand, RefusesWhatItCannotProveOrRead) {
  const auto refused = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "certify");
    const Outcome outcome = run_program(arguments);
    EXPECT_EQ(outcome.code, usage);
    return outcome.err;
  };
  EXPECT_THAT(refused({}), HasSubstr("needs a number of features or a certificate"));
  EXPECT_THAT(refused({"--features", "7"}), HasSubstr("--features 7 must be 5 or 6"));
  EXPECT_THAT(refused({"--features", "5", "--hidden", "1"}), HasSubstr("in 2 dimensions"));
  EXPECT_THAT(refused({"--features", "5", "--check", "a.txt"}), HasSubstr("--check"));
  EXPECT_THAT(refused({"--check", path("none.txt")}), HasSubstr("cannot be read"));
  EXPECT_THAT(refused({"--check", write("some.txt", "hello\n")}), HasSubstr("line 1"));
  const Outcome shown = run_program({"show", write("any.txt", "skeleta polygon certificate 7\n")});
  EXPECT_EQ(shown.code, usage);
  EXPECT_THAT(shown.err, HasSubstr("skeleta certify --check"));
  EXPECT_THAT(refused({"--features", "5", "--sparsity", "0.9"}), HasSubstr("needs --axis-columns"));
  EXPECT_THAT(refused({"--features", "3", "--axis-columns"}), HasSubstr("--sparsity S"));
  EXPECT_THAT(refused({"--features", "5", "--axis-columns", "--sparsity", "0.9"}),
              HasSubstr("at most 4"));
  EXPECT_THAT(refused({"--check", path("")}), HasSubstr("is a directory, not a certificate"));
  EXPECT_THAT(refused({"--phases"}), HasSubstr("--sparsities S1,S2,..."));
  EXPECT_THAT(refused({"--phases", "--densities", "0"}), HasSubstr("density = 0 must lie in"));
  EXPECT_THAT(refused({"--phases", "--densities", "0.1:1:3:ln"}), HasSubstr("A:B:N"));
  EXPECT_THAT(refused({"--phases", "--densities", "0.1", "--features", "3"}),
              HasSubstr("--features 2 --hidden 1"));
  EXPECT_THAT(refused({"--features", "5", "--importances", "1"}), HasSubstr("needs --phases"));
  const std::string there = write("there.txt", "mine\n");
  EXPECT_THAT(refused({"--features", "5", "-o", there}), HasSubstr("already exists"));
  EXPECT_EQ(contents("there.txt"), "mine\n");
}

TEST_F(CertifyCommand, TellsTheFirstFlaw) {
  const std::string file = path("pentagon.txt");
  ASSERT_EQ(run_program({"certify", "--features", "5", "-o", file}).code, done);
  std::string text = contents("pentagon.txt");
  const std::size_t place = text.find('h', text.find("\ntree "));
  text[place] = 'p';
  EXPECT_THAT(run_program({"certify", "--check", write("flipped.txt", text)}).err,
              HasSubstr("has been changed"));
  // Who changes the digest too is still found out.
  std::uint64_t hash = 0xcbf29ce484222325;
  const std::size_t end = text.rfind("digest ");
  for (std::size_t n = 0; n < end; ++n) {
    hash = (hash ^ static_cast<unsigned char>(text[n])) * 0x100000001b3;
  }
  char digest[32];
  std::snprintf(digest, sizeof digest, "digest %016llx\n", static_cast<unsigned long long>(hash));
  const std::string forged = write("forged.txt", text.substr(0, end) + digest);
  const Outcome found = run_program({"certify", "--check", forged});
  EXPECT_EQ(found.code, failed);
  EXPECT_THAT(found.out, HasSubstr("not proven: 5 corners, character"));
  const Json json = Json::parse(run_program({"certify", "--check", forged, "--json"}).out);
  EXPECT_FALSE(json["certified"]["proven"]);
  EXPECT_THAT(std::string(json["certified"]["flaw"]), HasSubstr("is not proven by 'p'"));
}

}  // namespace
}  // namespace skeleta::program
