#include <fmt/format.h>

#include "workplace.h"

namespace skeleta::program {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

class Identity : public Workplace {
 protected:
  // Two features in one dimension; the same weights each time.
  std::string write_model(const std::string& name, double density, double importance) const {
    const std::string script = write("model.py", R"(import sys, h5py
with h5py.File(sys.argv[1], "w") as f:
    f["W"], f["b"] = [[1.0, -0.9]], [0.0, 0.0]
    f["density"], f["importance"] = [float(sys.argv[2])] * 2, [float(sys.argv[3])] * 2
)");
    const std::string command =
        fmt::format("/usr/bin/python3 {} {} {} {}", script, path(name), density, importance);
    EXPECT_EQ(std::system(command.c_str()), 0);
    return path(name);
  }

  void expect_refused(const std::vector<std::string>& arguments) const {
    const std::string before = contents("run.h5");
    const Outcome other = run_program(arguments);
    EXPECT_EQ(other.code, usage);
    EXPECT_THAT(other.err, HasSubstr("cannot be continued: its inputs differ in content"));
    EXPECT_EQ(contents("run.h5"), before);
  }
};

// The file's name and the options are the same; what stands in it is not.
TEST_F(Identity, TrainingGoesOnWithTheSameContentOnly) {
  const std::vector<std::string> train = {"train",        "--init", write_model("m.h5", 0.05, 1.0),
                                          "--starts",     "1",      "-o",
                                          path("run.h5"), "--quiet"};
  EXPECT_EQ(run_program(train).code, done);
  write_model("m.h5", 0.05, 1.0);  // the same again
  EXPECT_EQ(run_program(train).code, done);
  write_model("m.h5", 0.5, 1.0);
  expect_refused(train);
  write_model("m.h5", 0.05, 2.0);
  expect_refused(train);
}

TEST_F(Identity, CertifyingGoesOnWithTheSameContentOnly) {
  const std::vector<std::string> certify = {
      "approximate", write_model("a.h5", 0.1, 1.0), "--certify", "-o", path("run.h5"), "--quiet"};
  EXPECT_EQ(run_program(certify).code, done);
  std::vector<std::string> other = certify;
  other[1] = write_model("b.h5", 0.4, 1.0);
  expect_refused(other);
  other[1] = write_model("b.h5", 0.1, 2.0);
  expect_refused(other);
  EXPECT_EQ(run_program(certify).code, done);
}

TEST_F(Identity, MatchGoesOnWithTheSameContentOnly) {
  const std::vector<std::string> match = {"thomson", "match",        write_model("m.h5", 0.1, 1.0),
                                          "-o",      path("run.h5"), "--quiet"};
  EXPECT_EQ(run_program(match).code, done);
  EXPECT_EQ(run_program(match).code, done);
  std::filesystem::copy_file(SKELETA_SOURCE_DIR "/data/trained/n5_m2_S0.95.h5", path("m.h5"),
                             std::filesystem::copy_options::overwrite_existing);
  expect_refused(match);
}

// What is foreseen of methods is no result, so a file has it not.
Json told(const std::string& text) {
  Json json = Json::parse(text);
  if (json.is_object()) json.erase("choice");
  return json;
}

// `show` has all that the command told: in the same places, or as a list of runs.
void expect_shown(const Json& shown, const Json& command) {
  if (shown.contains("runs")) {
    EXPECT_EQ(shown["runs"], command.is_array() ? command : Json::array({command}));
    return;
  }
  for (const auto& [key, value] : command.items()) EXPECT_EQ(shown[key], value) << key;
}

// A finished command that is typed again computes nothing, says so, leaves its file alone, and
// prints the same JSON as the first time and as `show`.
TEST_F(Identity, FinishedCommandsAreShown) {
  const std::string model = SKELETA_SOURCE_DIR "/data/trained/n5_m2_S0.95.h5";
  const std::string plan =
      write("plan.toml", "features = [2]\nhidden = [1]\ndensity = [0.1]\nstarts = 2\n");
  const std::vector<std::vector<std::string>> commands = {
      {"estimate", model, "--method", "exact", "--instance", "all"},
      {"estimate", model, "--samples", "20000"},
      {"estimate", model},
      {"train", "--features", "2", "--hidden", "1", "--sparsity", "0.9", "--starts", "2"},
      {"sweep", plan},
      {"approximate", model},
      {"approximate", "--features", "2", "--hidden", "1", "--sparsity", "0.9", "--certify"},
      {"approximate", "--features", "2", "--hidden", "1", "--sparsity", "0.9", "--train",
       "--starts", "2"},
      {"thomson", "solve", "--points", "4", "--dimension", "3", "--starts", "3"},
      {"approximate", model, "--instance", "all", "--table", "0.9,0.99"},
      {"approximate", "--features", "3", "--hidden", "1", "--train", "--sparsities", "0.9,0.99",
       "--starts", "2"},
      {"approximate", "--features", "4", "--table", "0.5,1"},
      {"thomson", "solve", "--points", "3", "--dimension", "5", "--starts", "2"},
      {"thomson", "match", model},
      {"thomson", "match", model, "--against", model, "--against-instance", "1"},
      {"thomson", "match", write_model("line.h5", 0.1, 1.0), "--energies", "log"},
      {"thomson", "match", model, "--instance", "all", "--energies", "relu:0.1"},
      {"dictionary", SKELETA_SOURCE_DIR "/data/trained/n80_m20_S0.98.h5"},
      {"dictionary", SKELETA_SOURCE_DIR "/data/trained/n80_m20_S0.98.h5", "--neighbours", "0",
       "--compare", "0"},
      {"basins", "--features", "2", "--hidden", "1", "--sparsity", "0.9", "--starts", "8"},
      {"spectrum", model},
      {"spectrum", model, "--instance", "all", "--objective", "one-sparse"},
      {"linear", "critical-points", "--eigenvalues", "3,2,1", "--hidden", "2"},
      {"linear", "flow", "--eigenvalues", "3,2,1", "--hidden", "2"},
      {"linear", "moments", "--features", "4", "--sparsity", "0.9", "--samples", "1e3"},
  };
  for (std::vector<std::string> command : commands) {
    SCOPED_TRACE(command[0] + " " + command[1]);
    command.insert(command.end(), {"-o", path("run.h5"), "--threads", "1", "--json"});
    const Outcome first = run_program(command);
    ASSERT_EQ(first.code, done) << first.err;
    const std::string before = contents("run.h5");
    const Outcome again = run_program(command);
    EXPECT_EQ(again.code, done);
    EXPECT_THAT(again.err, HasSubstr("has the result already: nothing was computed"));
    EXPECT_EQ(Json::parse(again.out), told(first.out));
    expect_shown(Json::parse(run_program({"show", path("run.h5"), "--json"}).out), told(first.out));
    command.pop_back();  // --json
    EXPECT_NE(run_program(command).out, "");
    EXPECT_EQ(contents("run.h5"), before);
    std::filesystem::remove(path("run.h5"));
  }
}

}  // namespace
}  // namespace skeleta::program
