#include "dictionary_comparison.h"
#include "skeleta/exact/loss.h"
#include "skeleta/storage/dictionary_file.h"
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

// Counts are those of the figures told; what random directions have adds up to all features.
TEST_F(DictionaryProgram, CountsItsFeaturesInHistograms) {
  const Json found = Json::parse(run_program(command({"--compare", "30", "--json"})).out);
  const Json& histograms = found["histograms"];
  ASSERT_EQ(histograms.size(), 5);
  EXPECT_EQ(histograms[1]["quantity"], "interference_deviation");
  for (const Json& one : histograms) {
    SCOPED_TRACE(one["quantity"]);
    const auto counts = one["bin_count"].get<std::vector<int>>();
    const auto shares = one["random_share"].get<std::vector<double>>();
    EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), one["without"].get<int>()), 80);
    EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1.0, 1e-12);
    EXPECT_EQ(one["bin_edge"].size(), counts.size() + 1);
  }
  const auto edges = histograms[1]["bin_edge"].get<std::vector<double>>();
  std::vector<int> expected(edges.size() - 1, 0);
  for (const Json& output : found["outputs"]) {
    const double x = std::sqrt(output["interference_variance"].get<double>());
    const auto bin = std::ranges::upper_bound(edges, x) - edges.begin() - 1;
    ++expected[std::min(static_cast<std::size_t>(bin), expected.size() - 1)];
  }
  EXPECT_EQ(histograms[1]["bin_count"].get<std::vector<int>>(), expected);
}

// Of all outputs the figures are those of a model file with the random columns.
TEST_F(DictionaryProgram, ComparesWithRandomDirections) {
  const Json all = Json::parse(run_program(command({"--json", "--seed", "5"})).out);
  const storage::ModelFile file = storage::read_models(model_);
  Dictionary here{file.models.front().W.cast<float>(), {}, file.models.front().b};
  std::vector<Index> order(80);
  std::iota(order.begin(), order.end(), Index{0});
  const Dictionary random = random_directions(here, order, 5, 1);
  for (Index i = 0; i < 80; ++i) {
    EXPECT_NEAR(random.W.col(i).norm(), here.W.col(i).norm(), 1e-6);
    EXPECT_LT(std::abs(random.W.col(i).dot(here.W.col(i))), 0.9f * here.W.col(i).squaredNorm());
  }
  const exact::DictionaryEvaluator evaluator(random, file.features(0), {});
  const exact::OutputFigures figures = evaluator.evaluate(0, 80);
  double sum = 0.0;
  ASSERT_EQ(all["compared"].size(), 80);
  for (std::size_t i = 0; i < 80; ++i) {
    const Json& output = all["compared"][i];
    EXPECT_EQ(output["feature"], i);
    EXPECT_EQ(output["weight"], 1.0);
    EXPECT_NEAR(output["random"]["loss"].get<double>(), figures.figures[i].loss,
                1e-3 * figures.figures[i].loss);
    EXPECT_NEAR(output["random"]["recall"].get<double>(), figures.figures[i].recall, 1e-3);
    EXPECT_GE(output["random"]["nearest_cosine"], all["welch_bound"].get<double>() * 0.5);
    sum += output["random"]["loss"].get<double>();
  }
  EXPECT_NEAR(all["random"]["loss"].get<double>(), sum, 1e-12);
  EXPECT_EQ(all["random"]["standard_error"], 0.0);
  EXPECT_GT(all["random"]["loss"], all["loss"].get<double>());  // it was trained
  EXPECT_GE(all["random"]["largest_cosine"], all["welch_bound"]);
  EXPECT_GE(all["largest_cosine"], all["welch_bound"]);
  EXPECT_NE(Json::parse(run_program(command({"--json", "--seed", "6"})).out)["random"]["loss"],
            all["random"]["loss"]);

  // Of some outputs the sum is estimated, with a standard error that holds.
  int beyond = 0;
  for (int seed = 1; seed <= 10; ++seed) {
    const auto told = [&](const char* count) {
      return Json::parse(
          run_program(command({"--json", "--seed", std::to_string(seed), "--compare", count})).out);
    };
    const Json some = told("30");
    EXPECT_EQ(some["compared"].size(), 30);
    double weight = 0.0;
    for (const Json& output : some["compared"]) weight += output["weight"].get<double>();
    EXPECT_NEAR(weight, 80.0, 1e-12);
    const double error = some["random"]["standard_error"], loss = some["random"]["loss"];
    const double exactly = told("80")["random"]["loss"];
    EXPECT_LT(error, 0.15 * exactly);
    EXPECT_LT(std::abs(loss - exactly), 5.0 * error);
    beyond += std::abs(loss - exactly) > 2.0 * error;
  }
  EXPECT_LE(beyond, 3);
  const Json none = Json::parse(run_program(command({"--json", "--compare", "0"})).out);
  EXPECT_FALSE(none.contains("compared") || none.contains("random"));
}

// Lengths of both matrices and ⟨o_i, w_i⟩ are kept, and directions do not depend on the order.
TEST(RandomDirections, KeepWhatAFeatureIsByItself) {
  for (const Index d : {1, 2, 7}) {
    Dictionary here{FloatMatrix::Random(d, 20), FloatMatrix::Random(d, 20), Vector::Random(20),
                    Vector::Random(20).cwiseAbs()};
    here.W.col(3).setZero();
    here.W_out.col(4).setZero();
    std::vector<Index> order(20);
    std::iota(order.rbegin(), order.rend(), Index{0});
    const Dictionary there = random_directions(here, order, 3, 2);
    for (Index k = 0; k < 20; ++k) {
      const Index i = 19 - k;
      EXPECT_NEAR(there.W.col(k).norm(), here.W.col(i).norm(), 1e-6);
      EXPECT_NEAR(there.W_out.col(k).norm(), here.W_out.col(i).norm(), 1e-6);
      EXPECT_NEAR(there.W_out.col(k).dot(there.W.col(k)), here.W_out.col(i).dot(here.W.col(i)),
                  1e-6);
      EXPECT_EQ(there.b(k), here.b(i));
      EXPECT_EQ(there.jump(k), here.jump(i));
    }
    std::vector<Index> some{5, 2};
    EXPECT_EQ(random_directions(here, some, 3, 1).W.col(0), there.W.col(14));
  }
}

TEST_F(DictionaryProgram, KeepsNamesInItsFile) {
  std::string names;
  for (int k = 0; k < 80; ++k) names += (k == 3 ? "Überfluß" : "word" + std::to_string(k)) + "\n";
  const std::string list = write("names.txt", names);
  const Outcome first = run_program(command({"--names", list, "--json", "-o", path("run.h5")}));
  ASSERT_EQ(first.code, done) << first.err;
  EXPECT_EQ(Json::parse(first.out)["outputs"][3]["name"], "Überfluß");
  const storage::ResultFile file = storage::read_result(path("run.h5"));
  const storage::DictionaryRun run = storage::dictionary_run(file);
  ASSERT_EQ(run.names.size(), 80u);
  EXPECT_EQ(run.names[3], "Überfluß");
  EXPECT_EQ(run.names[79], "word79");
  // Typed again without the names it has those of the file.
  const Outcome again = run_program(command({"-o", path("run.h5"), "--top", "80"}));
  EXPECT_EQ(again.code, done);
  EXPECT_THAT(again.out, HasSubstr("\nÜberfluß"));
  EXPECT_THAT(again.out, HasSubstr("random directions: "));
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
