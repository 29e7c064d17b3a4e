#include "skeleta/exact/loss.h"
#include "skeleta/storage/model_file.h"
#include "workplace.h"

namespace skeleta::program {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class DictionaryProgram : public Workplace {
 protected:
  const std::string model_ = SKELETA_SOURCE_DIR "/data/trained/n80_m20_S0.98.h5";

  std::vector<std::string> command(const std::vector<std::string>& more) const {
    std::vector<std::string> words{"dictionary", model_};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
};

TEST_F(DictionaryProgram, TellsTheLossThatExactOnesHave) {
  const Outcome outcome = run_program(command({"--skeletons", "6", "--json"}));
  ASSERT_EQ(outcome.code, done) << outcome.err;
  const Json found = Json::parse(outcome.out);
  const storage::ModelFile file = storage::read_models(model_);
  const exact::Loss loss = exact::loss(file.models.front(), file.features(0));
  // The weights are rounded to single precision.
  EXPECT_NEAR(found["loss"].get<double>(), loss.value,
              found["error_bound"].get<double>() + 1e-6 * loss.value);
  EXPECT_LT(found["error_bound"].get<double>(), 1e-4 * loss.value);
  EXPECT_EQ(found["features"], 80);
  EXPECT_EQ(found["outputs"].size(), 80);
  EXPECT_EQ(found["by_count"].size(), 7);
  double sum = 0.0;
  for (const Json& output : found["outputs"]) {
    sum += output["loss"].get<double>() * output["importance"].get<double>();
    EXPECT_GT(output["recall"], 0.7);
    EXPECT_EQ(output["neighbour_feature"].size(), 10);
  }
  EXPECT_NEAR(sum, found["loss"].get<double>(), 1e-12);
}

TEST_F(DictionaryProgram, ListsNamedFeatures) {
  std::string names;
  for (int k = 0; k < 80; ++k) names += "word" + std::to_string(k) + "\n";
  const Outcome outcome =
      run_program(command({"--names", write("names.txt", names), "--top", "2"}));
  ASSERT_EQ(outcome.code, done) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("80 features in 20 hidden dimensions, 1.6 active on average"));
  EXPECT_THAT(outcome.out, HasSubstr("\nword"));
  EXPECT_THAT(outcome.out, HasSubstr("disturbed most by"));
}

TEST_F(DictionaryProgram, FitsThresholdsThatLoseLess) {
  const Json given = Json::parse(run_program(command({"--json"})).out);
  const Json fitted = Json::parse(run_program(command({"--fit-thresholds", "--json"})).out);
  for (std::size_t i = 0; i < 80; ++i) {
    EXPECT_LE(fitted["outputs"][i]["loss"].get<double>(),
              given["outputs"][i]["loss"].get<double>() * 1.001);
  }
  EXPECT_NE(fitted["outputs"][0]["threshold"], given["outputs"][0]["threshold"]);
}

// Wherever it was stopped: a piece is 512 features, so that of 1200 there are three.
TEST_F(DictionaryProgram, GoesOnToTheSameBits) {
  const std::string source = path("large.h5");
  const std::string script = write("large.py", R"(import sys, h5py, numpy
with h5py.File(sys.argv[1], "w") as f:
    f["W"] = numpy.random.default_rng(3).normal(0, .5, (4, 1200)).astype("f4")
    f["b"] = numpy.full(1200, .1)
)");
  ASSERT_EQ(std::system(("/usr/bin/python3 " + script + " " + source).c_str()), 0);
  const std::vector<std::string> words{"dictionary", source, "--density",   "0.002",
                                       "--rel-tol",  "1e-2", "--skeletons", "4",
                                       "--threads",  "1",    "--json"};
  const auto to = [&](const std::string& name) {
    std::vector<std::string> all = words;
    all.insert(all.end(), {"-o", path(name)});
    return all;
  };
  const Outcome whole = run_program(to("whole.h5"));
  ASSERT_EQ(whole.code, done) << whole.err;
  const std::uint64_t polls = polls_of(words);
  int stopped = 0;
  for (const double part : {0.55, 0.9}) {
    const Outcome cut =
        run_called_off(to("cut.h5"), static_cast<std::uint64_t>(part * static_cast<double>(polls)));
    stopped += cut.code == interrupted;
  }
  EXPECT_GT(stopped, 0);
  const Outcome end = run_program(to("cut.h5"));
  ASSERT_EQ(end.code, done) << end.err;
  Json a = Json::parse(whole.out), b = Json::parse(end.out);
  a.erase("seconds");
  b.erase("seconds");
  EXPECT_EQ(a, b);
}

TEST_F(DictionaryProgram, RefusesInOneSentence) {
  const auto refused = [&](const std::vector<std::string>& words, const char* why) {
    const Outcome outcome = run_program(words);
    EXPECT_EQ(outcome.code, usage);
    EXPECT_THAT(outcome.err, HasSubstr(why));
  };
  refused({"dictionary"}, "dictionary needs a file");
  refused({"dictionary", path("none.h5")}, "none.h5");
  refused(command({"--values", "half-normal:1"}), "leave --values and --groups away");
  refused(command({"--rel-tol", "1"}), "--rel-tol");
  refused(command({"--orientation", "up"}), "feature-rows");
  refused(command({"--decoder", "nothing"}), "nothing");
}

}  // namespace
}  // namespace skeleta::program
