#include "apps/workplace.h"
#include "skeleta/exact/loss.h"
#include "skeleta/storage/sweep_file.h"
#include "support.h"

namespace skeleta::program {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

using Sweep = Workplace;

// Two features in one dimension, where all is known by hand: one is ignored at the cost of
// v(p/3 − p²/4), its variance, while p is large; both share the dimension as an antipodal pair at
// the cost of (1 + v)p²/6, for both active, while p is small and v near 1.
TEST_F(Sweep, FindsThePhasesOfTwoFeatures) {
  const std::string plan = write("plan.toml",
                                 "features = [2]\nhidden = [1]\ndensity = [0.9, 0.01]\n"
                                 "importance_decay = [0.2, 1.0]\nstarts = 10\n");
  const Outcome outcome = run_program({"sweep", plan, "--json", "--quiet", "-o", path("sweep.h5")});
  ASSERT_EQ(outcome.code, done) << outcome.err;
  const Json json = Json::parse(outcome.out);
  ASSERT_EQ(json["cells"].size(), 4u);
  EXPECT_EQ(json["seed"], 1);
  EXPECT_GT(json["seconds"], 0.0);
  for (const Json& cell : json["cells"]) {
    const double p = cell["density"], v = cell["importance_decay"];
    const double ignored = v * (p / 3 - p * p / 4), pair = (1 + v) * p * p / 6;
    // The pair's thresholds and norms adapt a little, so it can be better than its plain form.
    EXPECT_LE(cell["loss"], std::min(ignored, pair) * (1 + 1e-9)) << cell;
    EXPECT_GE(cell["loss"], 0.5 * std::min(ignored, pair)) << cell;
    EXPECT_EQ(cell["represented"], p > 0.5 ? 1 : 2) << cell;
    // Of two equal dense features the second keeps a small column of its own.
    if (p < 0.5 || v < 1.0) {
      EXPECT_EQ(cell["phase"], p > 0.5 ? "1 x 1" : "2 x 1/2") << cell;
    }
    EXPECT_EQ(cell["minima"][0]["loss"], cell["loss"]);
  }
  const Outcome shown = run_program({"show", path("sweep.h5")});
  EXPECT_EQ(shown.code, done);
  EXPECT_THAT(shown.out, HasSubstr("2 x 1/2"));
  EXPECT_EQ(Json::parse(run_program({"show", path("sweep.h5"), "--json"}).out)["cells"],
            json["cells"]);
}

TEST_F(Sweep, KeepsTheDecodersOfUntiedModels) {
  const std::string plan = write("plan.toml",
                                 "features = [3]\nhidden = [1, 2]\ndensity = [0.1]\nuntied = true\n"
                                 "objective = [\"exact\", \"sampled\"]\nsteps = 30\n");
  ASSERT_EQ(run_program({"sweep", plan, "--quiet", "-o", path("sweep.h5")}).code, done);
  const auto cells = storage::read_sweep(path("sweep.h5")).cells;
  ASSERT_EQ(cells.size(), 4u);
  for (const storage::SweptCell& cell : cells) {
    EXPECT_EQ(cell.model.W_out.rows(), 3);
    EXPECT_EQ(cell.model.W_out.cols(), cell.cell.hidden);
    EXPECT_NE(cell.model.W_out, cell.model.W.transpose());
    const auto features = Features::uniform(3, 0.1);
    EXPECT_NEAR(exact::loss(cell.model, features).value, cell.loss, 1e-8 * cell.loss);
  }
}

// Eight features in two dimensions: a single walk finds the heptagon (data/minima.csv), a single
// descent with this seed does not. Caps of the coherence are for descents.
TEST_F(Sweep, WalksOverMinima) {
  const auto best = [&](const std::string& how) {
    const std::string plan = write("plan.toml",
                                   "features = [8]\nhidden = [2]\ndensity = [0.01]\n"
                                   "starts = 1\nseed = [3]\n" +
                                       how);
    const Outcome outcome = run_program({"sweep", plan, "--json", "--quiet"});
    EXPECT_EQ(outcome.code, done) << outcome.err;
    return Json::parse(outcome.out)["cells"][0]["loss"].get<double>();
  };
  const double heptagon = best("search = \"hopping\"\npatience = 30\n");
  EXPECT_NEAR(heptagon, 0.0098592475, 1e-9);
  EXPECT_GT(best(""), heptagon + 1e-5);
  expect_refused({"sweep", write("bad.toml",
                                 "features = [8]\nhidden = [2]\ndensity = [0.01]\n"
                                 "search = \"hopping\"\ncoherence-cap = 0.9\n")},
                 "coherence_cap needs descents");
}

TEST_F(Sweep, RefusesBadPlansWithLineAndColumn) {
  const std::string sizes = "features = [5]\nhidden = [2]\n";
  const std::pair<std::string, const char*> plans[] = {
      {sizes, "a plan needs density"},
      {"hidden = [2]\ndensity = [.1]\n", "line 2, column 12"},
      {sizes + "densty = [0.1]\n",
       "line 3, column 1: unknown key 'densty', did you mean 'density'?"},
      {sizes + "density = []\n", "line 3, column 11: density needs a value"},
      {sizes + "density = [0.1, \"x\"]\n",
       "line 3, column 17: density 'x': 'x' is not a finite number"},
      {sizes + "density = [0.1, 1.5]\n", "line 3, column 17: density: 1.5 must lie in [0, 1]"},
      {sizes + "density = [0.1]\nsparsity = [0.9]\n",
       "density and sparsity cannot be given together"},
      {"features = [5.5]\nhidden = [2]\n",
       "line 1, column 13: features: '5.5' is not a whole number"},
      {sizes + "density = [0.1]\nobjective = [\"all\"]\n", "line 4, column 14: objective: 'all'"},
      {sizes + "density = [0.1]\noptimizer = \"nadam\"\n", "line 4, column 13: optimizer: 'nadam'"},
      {sizes + "density = [0.1]\nuntil-unseen = 2\n",
       "line 4, column 16: until-unseen: 2 must lie in [0, 1]"},
      {sizes + "density = [0.1]\nstarts = 0\n", "line 4, column 10: starts: '0' is not a count"},
      {sizes + "density = [0.1]\nstarts = [1]\n",
       "line 4, column 10: 'starts' must be a string, a number"},
      {"features = [2]\nhidden = [5]\ndensity = [0.1]\n", "exceeds features = 2"},
  };
  for (const auto& [text, message] : plans) {
    expect_refused({"sweep", write("plan.toml", text)}, message);
  }
  expect_refused({"sweep"}, "sweep needs a plan");
  expect_refused({"sweep", path("nowhere.toml")}, "nowhere.toml");
}

// The shipped plans are valid, and fail only for lack of a folder.
TEST_F(Sweep, ShippedPlansAreValid) {
  for (const std::string name : {"phase_n2", "pentagon", "plateaus"}) {
    const std::string plan = SKELETA_SOURCE_DIR "/data/plans/" + name + ".toml";
    expect_refused({"sweep", plan, "-o", path("no/folder.h5")}, "does not exist");
  }
}

std::vector<std::string> long_sweep(const std::string& plan, const std::string& output) {
  return {"sweep", plan, "--threads", "1", "--quiet", "-o", output};
}

TEST_F(Sweep, KilledAtAnyMomentItResumesToTheSameBits) {
  const std::string plan = write(
      "plan.toml",
      "features = [5, 8]\nhidden = [2, 3]\nsparsity = [0.99, 0.95, 0.9, 0.8]\nseed = [1, 2, 3]\n"
      "starts = 4\n");
  const std::uint64_t polls = polls_of(long_sweep(plan, path("whole.h5")));
  std::mt19937_64 random(21);
  std::size_t continued = 0;
  for (int k = 0; k < testing::scaled(20, 3); ++k) {
    run_and_kill(long_sweep(plan, path("killed.h5")), 1 + random() % (polls / 3));
    if (exists("killed.h5")) continued += storage::read_sweep(path("killed.h5")).cells.size() < 48;
  }
  EXPECT_GT(continued, 0u);  // or nothing was resumed
  ASSERT_EQ(run_program(long_sweep(plan, path("killed.h5"))).code, done);
  expect_same_datasets("whole.h5", "killed.h5");
  const std::string before = contents("killed.h5");
  expect_refused(long_sweep(write("other.toml", "features = [5]\nhidden = [2]\ndensity = [0.1]\n"),
                            path("killed.h5")),
                 "its density is");
  EXPECT_EQ(contents("killed.h5"), before);
}

}  // namespace
}  // namespace skeleta::program
