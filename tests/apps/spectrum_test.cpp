#include <cmath>

#include "apps/workplace.h"
#include "skeleta/storage/result_file.h"

namespace skeleta::program {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

using SpectrumCommand = Workplace;

const std::string pentagon = SKELETA_SOURCE_DIR "/data/trained/n5_m2_S0.95.h5";

Json spectrum_of(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "spectrum");
  arguments.push_back("--json");
  arguments.push_back("--quiet");
  const Outcome outcome = run_program(arguments);
  EXPECT_EQ(outcome.code, done) << outcome.err;
  return Json::parse(outcome.out);
}

// Newton's ends are minima; the spectrum says the same of the file: 15 parameters, a rotation.
TEST_F(SpectrumCommand, ExplainsTheEndsOfATraining) {
  const Outcome trained = run_program(
      {"train", "--features", "5", "--hidden", "2", "--sparsity", "0.95", "--starts", "6",
       "--optimizer", "newton", "--tolerance", "1e-9", "--json", "--quiet", "-o", path("run.h5")});
  ASSERT_EQ(trained.code, done) << trained.err;
  const Json ends = Json::parse(trained.out)["starts"];
  for (const Json& start : ends) {
    EXPECT_TRUE(start["landscape"] == "minimum" || start["landscape"] == "degenerate") << start;
  }
  const Json all = spectrum_of({path("run.h5"), "--instance", "all", "-o", path("spectrum.h5")});
  ASSERT_EQ(all.size(), 6u);
  const Json& best = all[0];
  EXPECT_EQ(best["landscape"], "minimum");
  EXPECT_EQ(best["eigenvalues"].size(), 15u);
  EXPECT_EQ(best["rank"], 14);
  EXPECT_EQ(best["negative"], 0);
  EXPECT_EQ(best["orbit_dimension"], 1);
  EXPECT_EQ(best["learning_coefficient"], 7.0);
  EXPECT_EQ(best["zero_modes"].size(), 1u);
  EXPECT_EQ(best["zero_modes"][0]["kind"], "orbit");
  EXPECT_EQ(best["zero_modes"][0]["dimension"], 1);
  EXPECT_TRUE(best["reason"].is_null());
  const storage::ResultFile file = storage::read_result(path("spectrum.h5"));
  EXPECT_EQ(file.filetype, "skeleta spectrum");
  EXPECT_EQ(file.at("/spectrum/eigenvalues").shape, (std::vector<std::size_t>{6, 15}));
  EXPECT_THAT(run_program({"spectrum", path("run.h5"), "--quiet"}).out,
              HasSubstr("learning coefficient 7"));
}

// A file that a tool has made, not at a minimum of the loss: said, not judged.
TEST_F(SpectrumCommand, RefusesCoefficientsWithAReason) {
  const Json slope = spectrum_of({pentagon, "--tolerance", "1e-12"});
  EXPECT_EQ(slope["landscape"], "slope");
  EXPECT_TRUE(slope["learning_coefficient"].is_null());
  EXPECT_THAT(slope["reason"].get<std::string>(), HasSubstr("no critical point"));
}

// The same model on features of other laws: no critical point of theirs, but all directions are
// known; constants reach thresholds with positive probability, or are not resolved.
TEST_F(SpectrumCommand, KnowsOtherLaws) {
  for (const std::vector<std::string>& law :
       {std::vector<std::string>{"--values", "half-normal:0.5"},
        {"--groups", "exclusive(0,1),exclusive(2,3)"}}) {
    std::vector<std::string> arguments = law;
    arguments.insert(arguments.begin(), pentagon);
    const Json found = spectrum_of(arguments);
    EXPECT_EQ(found["landscape"], "slope") << law[1];
    EXPECT_EQ(found["eigenvalues"].size(), 15u);
    EXPECT_LT(found["error"].get<double>(), 1e-5) << law[1];
  }
  // Sums over patterns; beside other values a contour that does not end.
  const Json constants = spectrum_of({pentagon, "--values", "constant:1"});
  EXPECT_EQ(constants["landscape"], "slope");
  EXPECT_LT(constants["error"].get<double>(), 1e-10);
  const Json mixed = spectrum_of(
      {pentagon, "--values", "constant:1;constant:1;constant:1;constant:1;uniform:0,1"});
  EXPECT_TRUE(mixed["landscape"] == "kink" || mixed["landscape"] == "unknown");
}

TEST_F(SpectrumCommand, RefusesWhatHasNoSpectrum) {
  const auto refusal = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "spectrum");
    const Outcome outcome = run_program(arguments);
    EXPECT_EQ(outcome.code, usage) << outcome.out;
    return outcome.err;
  };
  EXPECT_THAT(refusal({pentagon, "--objective", "k-sparse:6"}), HasSubstr("K up to 5"));
  EXPECT_THAT(refusal({pentagon, "--objective", "sampled"}), HasSubstr("one-sparse"));
  EXPECT_THAT(refusal({pentagon, "--values", "half-normal:1", "--objective", "one-sparse"}),
              HasSubstr("uniform values"));
  EXPECT_THAT(refusal({pentagon, "--instance", "100000"}), HasSubstr("instance"));
  const std::string basins = SKELETA_SOURCE_DIR "/data/fixtures/basins.h5";
  EXPECT_THAT(refusal({basins}), HasSubstr("is a 'skeleta basins' file, which holds no models"));
}

}  // namespace
}  // namespace skeleta::program
