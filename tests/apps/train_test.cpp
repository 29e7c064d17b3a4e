#include <cmath>
#include <numbers>

#include "apps/workplace.h"
#include "skeleta/storage/model_file.h"
#include "skeleta/storage/training_file.h"
#include "support.h"

namespace skeleta::program {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

using Train = Workplace;

std::vector<std::string> pentagon(std::vector<std::string> more) {
  more.insert(more.begin(),
              {"train", "--features", "5", "--hidden", "2", "--sparsity", "0.95", "--quiet"});
  return more;
}

Json train_json(std::vector<std::string> arguments, int code = done) {
  arguments.push_back("--json");
  const Outcome outcome = run_program(arguments);
  EXPECT_EQ(outcome.code, code) << outcome.err;
  return Json::parse(outcome.out);
}

// 0.0089035937, all norms 1.13462 and all thresholds .2463: an exact optimisation in Python
// (mpmath) of D = 5, d = 2, S = .95. Every D_i of a regular pentagon is 2/5.
TEST_F(Train, FindsThePentagonByDefault) {
  const Json json = train_json(pentagon({"-o", path("run.h5")}));
  EXPECT_NEAR(json["best"]["loss"], 0.0089035937, 5e-11);
  EXPECT_LE(json["best"]["gradient_norm"], 1e-8);
  EXPECT_EQ(json["best"]["stop_reason"], "gradient");
  EXPECT_EQ(json["minima"][0]["rank"], 2);
  EXPECT_GE(json["minima"][0]["count"], 1);
  for (const Json& value : json["minima"][0]["feature_dimensionality"]) {
    EXPECT_NEAR(value, 0.4, 1e-6);
  }
  EXPECT_EQ(json["starts"].size(), 10u);
  EXPECT_EQ(json["seed"], 1);
  EXPECT_GE(json["threads"], 1);
  EXPECT_GT(json["seconds"], 0.0);
  const auto file = storage::read_models(path("run.h5"));
  EXPECT_EQ(file.models.size(), 10u);
  for (Index i = 0; i < 5; ++i) {
    EXPECT_NEAR(file.models[0].W.col(i).norm(), 1.13462, 5e-6);
    EXPECT_NEAR(file.models[0].b(i), 0.2463, 5e-5);
  }
  EXPECT_EQ(run_program({"estimate", path("run.h5"), "--method", "exact"}).code, done);
}

// The expected second moment of the sparse data has the eigenvalues α + Dβ and α, D − 1 times: the
// minimum leaves out D − d of the latter (Eckart, Young & Mirsky).
TEST_F(Train, TheLinearModelFindsThePrincipalComponents) {
  const Json json = train_json(pentagon({"--model", "linear", "-o", path("run.h5")}));
  const double p = 0.05, alpha = p / 3.0 - p * p / 4.0;
  EXPECT_NEAR(json["best"]["loss"], 3.0 * alpha, 1e-12);
  EXPECT_LE(json["best"]["gradient_norm"], 1e-8);
  const auto file = storage::read_models(path("run.h5"));
  for (const Autoencoder& model : file.models) {
    const Matrix P = model.W.transpose() * model.W;
    EXPECT_LT((P * P - P).norm(), 1e-6);
    EXPECT_NEAR(P.sum(), 5.0, 1e-5);  // it keeps (1, …, 1)
    EXPECT_EQ(model.b.norm(), 0.0);
  }
  EXPECT_THAT(contents("run.h5"), HasSubstr("model = 'linear'"));
  EXPECT_EQ(run_program(pentagon({"--model", "linear", "-o", path("run.h5")})).code, done);
  EXPECT_EQ(run_program(pentagon({"-o", path("run.h5")})).code, usage);
}

TEST_F(Train, TheLinearModelHasOneObjective) {
  EXPECT_EQ(run_program(pentagon({"--model", "linear", "--objective", "one-sparse"})).code, usage);
  EXPECT_THAT(run_program(pentagon({"--objective", "linear"})).err, HasSubstr("--model linear"));
}

TEST_F(Train, PrintsATableForPeople) {
  const Outcome outcome = run_program(pentagon({"-o", path("run.h5")}));
  EXPECT_EQ(outcome.code, done);
  for (const char* part : {"0.0089035937", "loss/D", "rank", "5 x 2/5", "seed 1"}) {
    EXPECT_THAT(outcome.out, HasSubstr(part));
  }
  const Outcome shown = run_program({"show", path("run.h5")});
  EXPECT_EQ(shown.code, done);
  for (const char* part : {"skeleta train", "made by   skeleta train --features 5", "5 x 2/5"}) {
    EXPECT_THAT(shown.out, HasSubstr(part));
  }
  const Json json = Json::parse(run_program({"show", path("run.h5"), "--json"}).out);
  EXPECT_EQ(json["filetype"], "skeleta train");
  EXPECT_EQ(json["starts"].size(), 10u);
}

// The importance of feature 1 is r: with d = 1 and few active features, one sees the better one and
// pays v(p/3 − p²/4) for the other, whose best constant answer is its mean p/2.
TEST_F(Train, ImportanceDecays) {
  const double p = 0.9, r = 0.1;
  const Json json = train_json({"train", "--features", "2", "--hidden", "1", "--density", "0.9",
                                "--importance-decay", "0.1", "--quiet"});
  EXPECT_NEAR(json["best"]["loss"], r * (p / 3 - p * p / 4), 1e-9);
}

TEST_F(Train, OptionsReachTheTraining) {
  const Json sampled = train_json(pentagon({"--objective", "sampled", "--steps", "200", "--batch",
                                            "64", "--learning-rate", "0.01", "--starts", "2"}));
  EXPECT_EQ(sampled["best"]["stop_reason"], "iterations");
  EXPECT_EQ(sampled["starts"][0]["steps"], 200);
  EXPECT_LT(sampled["best"]["loss"], 0.05);
  for (const std::string optimizer : {"adam", "adamw", "sgd"}) {
    const Json json = train_json(
        pentagon({"--optimizer", optimizer, "--steps", "50", "--starts", "1", "--init", "normal"}));
    EXPECT_EQ(json["starts"][0]["steps"], 50);
  }
  const Json loose = train_json(pentagon({"--tolerance", "1e-3", "--starts", "1"}));
  EXPECT_GT(loose["best"]["gradient_norm"], 1e-8);
  train_json(pentagon({"--tolerance", "1e-9", "--steps", "3", "--starts", "1"}), precision_missed);
  EXPECT_NE(train_json(pentagon({"--seed", "7", "--starts", "1"}))["starts"][0]["steps"],
            train_json(pentagon({"--seed", "8", "--starts", "1"}))["starts"][0]["steps"]);
}

TEST_F(Train, UntiedModelsOnSamples) {
  const Json sampled =
      train_json(pentagon({"--objective", "sampled", "--untied", "--steps", "200",
                           "--learning-rate", "0.01", "--starts", "1", "-o", path("untied.h5")}));
  EXPECT_LT(sampled["best"]["loss"], 0.07);  // less than 0.083, that of the zero model
  const Json further = train_json({"train", "--init", path("untied.h5"), "--objective", "sampled",
                                   "--steps", "200", "--starts", "1", "--quiet"});
  EXPECT_LT(further["best"]["loss"], sampled["best"]["loss"]);
}

// A trained model is where the gradient is small already.
TEST_F(Train, GoesOnFromAModel) {
  ASSERT_EQ(run_program(pentagon({"-o", path("run.h5")})).code, done);
  const Json json = train_json({"train", "--init", path("run.h5"), "--starts", "1", "--quiet"});
  EXPECT_EQ(json["starts"][0]["steps"], 0);
  EXPECT_NEAR(json["best"]["loss"], 0.0089035937, 5e-11);
  expect_refused({"train", "--init", path("run.h5"), "--hidden", "3"}, "has 2");
  expect_refused({"train", "--init", path("run.h5"), "-o", path("run.h5")}, "is the model itself");
}

TEST_F(Train, KeepsNoTrajectoryIfNoneIsWanted) {
  ASSERT_EQ(run_program(pentagon({"-o", path("run.h5"), "--record-every", "0"})).code, done);
  for (const auto& start : storage::read_training(path("run.h5")).run.starts) {
    EXPECT_TRUE(start.trajectory.empty());
  }
  EXPECT_EQ(run_program({"show", path("run.h5")}).code, done);
  expect_refused(pentagon({"--record-every", "-1"}), "give a whole number from 0 to 1e15");
}

TEST_F(Train, KeepsTrajectoriesAndSnapshots) {
  ASSERT_EQ(run_program(pentagon({"-o", path("run.h5"), "--record-every", "7", "--snapshots",
                                  "--starts", "3"}))
                .code,
            done);
  const storage::TrainingRun run = storage::read_training(path("run.h5")).run;
  for (const training::TrainedModel& start : run.starts) {
    std::vector<std::uint64_t> steps, recorded;
    for (std::uint64_t k = 0; k <= start.summary.iterations; ++k) {
      if (training::is_recorded(k, 7)) steps.push_back(k);
    }
    for (const auto& point : start.trajectory) recorded.push_back(point.step);
    EXPECT_EQ(recorded, steps);
    EXPECT_EQ(start.trajectory[1].parameters.size(), 15);
    EXPECT_GE(start.trajectory.front().value, start.trajectory.back().value);
  }
}

TEST_F(Train, RefusesBadInput) {
  expect_refused({"train"}, "--features D --hidden d");
  expect_refused({"train", "--features", "5", "--hidden", "2"}, "--sparsity S or --density p");
  expect_refused(pentagon({"--density", "0.1"}), "--density");
  expect_refused({"train", "--features", "0", "--hidden", "2", "--density", ".1"}, "'0'");
  expect_refused({"train", "--features", "-5", "--hidden", "2", "--density", ".1"}, "'-5'");
  expect_refused({"train", "--features", "2", "--hidden", "5", "--density", ".1"}, "--allow-wide");
  EXPECT_EQ(run_program({"train", "--features", "2", "--hidden", "5", "--density", ".1",
                         "--allow-wide", "--starts", "1"})
                .code,
            done);
  expect_refused(pentagon({"--optimizer", "nadam"}),
                 "none of auto, lbfgs, newton, adam, adamw, sgd");
  expect_refused(pentagon({"--objective", "two-sparse"}), "none of exact, one-sparse, k-sparse:K");
  expect_refused(pentagon({"--objective", "k-sparse:"}), "needs a number K of active features");
  expect_refused(pentagon({"--objective", "k-sparse:6"}), "k = 6 must be within 0..5");
  expect_refused({"train", "--features", "80", "--hidden", "20", "--density", ".02", "--objective",
                  "k-sparse:3"},
                 "k-sparse:3 is summed over 8.22e+04 supports");
  expect_refused(pentagon({"--init", "xaver"}), "none of xavier, normal");
  expect_refused(pentagon({"--model", "tanh"}), "none of relu, linear");
  expect_refused(pentagon({"--importance-decay", "0"}), "must be a positive number");
  expect_refused(pentagon({"--learning-rate", "-1"}), "learning-rate -1");
  expect_refused(pentagon({"--tolerance", "nan"}), "tolerance nan");
  expect_refused(pentagon({"--start", "3"}), "did you mean --starts?");
  expect_refused({"train", "--features", "5", "--hidden", "2", "--sparsity", "1"}, "nothing to");
}

// Five steps reach no minimum: such ends stand apart, with what ended them.
TEST_F(Train, AStartThatALimitStoppedIsNoMinimum) {
  const Json json = train_json(pentagon({"--steps", "5", "-o", path("run.h5")}));
  EXPECT_TRUE(json["minima"].empty());
  EXPECT_EQ(json["other_ends"].size(), 1u);
  EXPECT_EQ(json["other_ends"][0]["stop_reason"], "iterations");
  EXPECT_EQ(json["other_ends"][0]["count"], 10);
  EXPECT_EQ(json["other_ends"][0]["loss"], json["best"]["loss"]);
  EXPECT_EQ(json["best"]["is_minimum"], false);
  const std::string text = run_program(pentagon({"--steps", "5"})).out;
  EXPECT_THAT(text, HasSubstr("no minimum"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("minimum: loss")));
  EXPECT_EQ(Json::parse(run_program({"show", path("run.h5"), "--json"}).out)["minima"].size(), 0u);
  EXPECT_EQ(train_json(pentagon({}))["other_ends"].size(), 0u);
}

// Importances and densities set the scale of the loss, not what is found.
TEST_F(Train, ScaleOnlyScales) {
  const auto least = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"train", "--features", "5", "--hidden", "2", "--starts", "4"});
    more.push_back("--quiet");
    const Json json = train_json(more);
    EXPECT_EQ(json["minima"].size(), 1u);
    return json["best"]["loss"].get<double>();
  };
  EXPECT_NEAR(least({"--density", "1e-9"}), 7.9128137507e-11, 1e-19);
  EXPECT_NEAR(least({"--density", "0.05", "--importance", "1e-6"}) * 1e6, 0.0089035937, 1e-10);
  EXPECT_NEAR(least({"--density", "0.05", "--importance", "1e200"}) / 1e200, 0.0089035937, 1e-10);
  expect_refused(
      {"train", "--features", "7", "--hidden", "2", "--density", "1", "--importance", "1e308"},
      "exceeds the range of double");
}

// Steps of 1e200 overflow at once; with one that is merely too large some starts survive.
TEST_F(Train, DivergenceEndsOnlyItsStart) {
  const Json all = train_json(
      pentagon({"--optimizer", "sgd", "--learning-rate", "1e200", "-o", path("run.h5")}), failed);
  EXPECT_TRUE(all["best"].is_null());
  EXPECT_EQ(all["minima"].size(), 0u);
  EXPECT_EQ(all["starts"][9]["stop_reason"], "non_finite");
  EXPECT_TRUE(all["starts"][9]["loss"].is_null());
  EXPECT_THAT(run_program({"show", path("run.h5")}).out, HasSubstr("all 10 starts diverged"));
  // The last points of these have losses that are finite still.
  const Outcome late = run_program(pentagon({"--optimizer", "sgd", "--learning-rate", "1e4"}));
  EXPECT_EQ(late.code, failed);
  EXPECT_THAT(late.err, HasSubstr("every start diverged: take a smaller --learning-rate"));
}

TEST_F(Train, ExtendsARunAndRefusesAnother) {
  ASSERT_EQ(run_program(pentagon({"-o", path("whole.h5"), "--starts", "6"})).code, done);
  ASSERT_EQ(run_program(pentagon({"-o", path("parts.h5"), "--starts", "2"})).code, done);
  const std::string before = contents("parts.h5");
  const std::pair<std::vector<std::string>, const char*> others[] = {
      {pentagon({"--starts", "1"}), "it has 2 starts, more than 1"},
      {pentagon({"--seed", "2"}), "its seed is"},
      {pentagon({"--objective", "one-sparse"}), "its objective is exact, not one-sparse"},
      {pentagon({"--importance", "2"}), "its importance is not given, not 2"},
      {{"train", "--features", "5", "--hidden", "2", "--sparsity", "0.9"},
       "its sparsity is 0.95, not 0.9"},
      {{"train", "--features", "5", "--hidden", "3", "--sparsity", "0.95"},
       "its hidden is 2, not 3"},
  };
  for (auto [arguments, message] : others) {
    arguments.insert(arguments.end(), {"-o", path("parts.h5")});
    expect_refused(arguments, message);
    EXPECT_EQ(contents("parts.h5"), before);
  }
  ASSERT_EQ(run_program(pentagon({"-o", path("parts.h5"), "--starts", "6"})).code, done);
  expect_same_datasets("whole.h5", "parts.h5");
  write("text.h5", "no HDF5");
  expect_refused(pentagon({"-o", path("text.h5")}), "is not an HDF5 file");
  EXPECT_EQ(run_program(pentagon({"-o", path("text.h5"), "--force"})).code, done);
}

// Starts that take long enough to be hit.
std::vector<std::string> long_run(const std::string& output) {
  return {"train",    "--features", "12",        "--hidden", "4",       "--sparsity", "0.9",
          "--starts", "60",         "--threads", "1",        "--quiet", "-o",         output};
}

// A checkpoint has no minima: `show` looks for them, and says that starts are missing.
void expect_minima_of_all_starts(const std::string& file, std::size_t starts) {
  const Json shown = Json::parse(run_program({"show", file, "--json"}).out);
  std::size_t there = 0, ended = 0;
  for (const Json& minimum : shown["minima"]) there += minimum["count"].get<std::size_t>();
  for (const Json& start : shown["starts"]) ended += start["is_minimum"].get<bool>();
  EXPECT_EQ(shown["starts"].size(), starts);
  EXPECT_EQ(shown["asked_starts"], 60);
  EXPECT_EQ(there, ended);
  EXPECT_GT(there, 0u);
  const std::string text = run_program({"show", file}).out;
  const std::string missing = "unfinished: " + std::to_string(starts) + " of 60 starts";
  EXPECT_EQ(text.find(missing) != std::string::npos, starts < 60) << text;
  EXPECT_THAT(text, HasSubstr("minimum: loss"));
}

TEST_F(Train, KilledAtAnyMomentItResumesToTheSameBits) {
  const std::uint64_t polls = polls_of(long_run(path("whole.h5")));
  std::mt19937_64 random(20);
  std::size_t continued = 0;
  for (int k = 0; k < testing::scaled(20, 3); ++k) {
    run_and_kill(long_run(path("killed.h5")), 1 + random() % (polls / 3));
    if (!exists("killed.h5")) continue;
    const std::size_t starts = storage::read_training(path("killed.h5")).run.starts.size();
    continued += starts < 60;
    expect_minima_of_all_starts(path("killed.h5"), starts);
  }
  EXPECT_GT(continued, 0u);  // or nothing was resumed
  ASSERT_EQ(run_program(long_run(path("killed.h5"))).code, done);
  expect_same_datasets("whole.h5", "killed.h5");
}

TEST_F(Train, InterruptedItKeepsWhatIsFinished) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::ostringstream out, err;
    std::vector<std::string> arguments = long_run(path("run.h5"));
    arguments[8] = "100000";
    ::_exit(run(arguments, out, err) == interrupted ? 0 : 1);
  }
  ASSERT_TRUE(wait_for("run.h5", child));
  ::kill(child, SIGINT);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_GE(storage::read_training(path("run.h5")).run.starts.size(), 1u);
}

// Walks are starts as others: the options belong to the identity, the file to the run.
TEST_F(Train, HoppingIsContinuedAndTold) {
  const std::vector<std::string> walks = {"train",   "--features", "6",    "--hidden",
                                          "2",       "--density",  "0.01", "--search",
                                          "hopping", "--patience", "4",    "--quiet"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), walks.begin(), walks.end());
    return more;
  };
  ASSERT_EQ(run_program(with({"-o", path("whole.h5"), "--starts", "4"})).code, done);
  ASSERT_EQ(run_program(with({"-o", path("parts.h5"), "--starts", "2", "--threads", "1"})).code,
            done);
  expect_refused(pentagon({"--patience", "5"}), "--patience is that of");
  std::vector<std::string> other = with({"-o", path("parts.h5")});
  other[10] = "5";
  expect_refused(other, "its patience is 4, not 5");
  ASSERT_EQ(run_program(with({"-o", path("parts.h5"), "--starts", "4"})).code, done);
  expect_same_datasets("whole.h5", "parts.h5");
  const Json json = train_json(with({"--starts", "4"}));
  EXPECT_EQ(json["unseen"]["best_found"], json["minima"][0]["count"]);
  EXPECT_EQ(json["unseen"]["probability"], json["unseen"]["found_once"].get<double>() / 4.0);
  EXPECT_NEAR(json["unseen"]["detectable"], 1.0 - std::pow(0.05, 0.25), 1e-12);
  EXPECT_THAT(run_program(with({"--starts", "4"})).out,
              HasSubstr("the best minimum was found by "));
}

// Ends at the first look, after ten starts, since the pentagon was found often and little else; a
// smaller probability of unseen minima makes it go on, to the file of all starts.
TEST_F(Train, EndsWhenLittleIsUnseen) {
  const auto ask = [&](const char* most, const char* file, std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--until-unseen", most, "--starts", "30", "-o", path(file)});
    return train_json(pentagon(more));
  };
  const Json first = ask("0.5", "run.h5");
  EXPECT_EQ(first["starts"].size(), 10u);
  EXPECT_EQ(first["asked_starts"], 10);
  EXPECT_EQ(ask("0.5", "run.h5")["starts"].size(), 10u);
  EXPECT_GE(first["unseen"]["best_found"], 2);
  const Json more = ask("0", "run.h5");
  EXPECT_TRUE(more["starts"].size() == 30 || more["unseen"]["probability"] == 0.0);
  expect_refused(pentagon({"--until-unseen", "2"}), "--until-unseen");
  expect_refused(pentagon({"--until-unseen", ".1", "--shard", "0/2", "-o", path("shard.h5")}),
                 "leave it or --shard out");
}

// With a penalty the loss's own gradient does not vanish: the objective and its gradient are told.
TEST_F(Train, TellsTheObjectiveWhereItIsNotTheLoss) {
  const auto printed = [](std::vector<std::string> more) {
    std::vector<std::string> arguments{"train", "--features", "3", "--hidden", "1", "--sparsity",
                                       "0.9",   "--starts",   "1", "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments).out;
  };
  EXPECT_THAT(printed({"--weight-decay", "0.01"}), HasSubstr("\n  objective      0.0"));
  EXPECT_THAT(printed({"--objective", "k-sparse:1"}), HasSubstr("\n  objective      0.0"));
  EXPECT_THAT(printed({}), ::testing::Not(HasSubstr("objective")));
}

}  // namespace
}  // namespace skeleta::program
