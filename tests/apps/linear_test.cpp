#include <cmath>

#include "apps/workplace.h"
#include "skeleta/storage/result_file.h"

namespace skeleta::program {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

using Linear = Workplace;

Json linear_json(std::vector<std::string> arguments, int code = done) {
  arguments.insert(arguments.begin(), "linear");
  arguments.push_back("--json");
  arguments.push_back("--quiet");
  const Outcome outcome = run_program(arguments);
  EXPECT_EQ(outcome.code, code) << outcome.err;
  return Json::parse(outcome.out);
}

std::string refusal(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "linear");
  const Outcome outcome = run_program(arguments);
  EXPECT_EQ(outcome.code, usage) << outcome.out;
  return outcome.err;
}

// By hand: {1, 2} leaves out 3 + 2 + 1; every other set can turn a member towards a larger one.
TEST_F(Linear, ListsTheCriticalPoints) {
  const Json json = linear_json({"critical-points", "--eigenvalues", "5,4,3,2,1", "--hidden", "2"});
  EXPECT_EQ(json["points"].size(), 1u + 5u + 10u);
  const Json& first = json["points"][0];
  EXPECT_EQ(first["set"], Json({1, 2}));
  EXPECT_EQ(first["rank"], 2);
  EXPECT_EQ(first["loss"], 6.0);
  EXPECT_EQ(first["negative_directions"], 0);
  EXPECT_EQ(first["kind"], "minimum");
  const Json& second = json["points"][1];
  EXPECT_EQ(second["set"], Json({1, 3}));
  EXPECT_EQ(second["loss"], 7.0);
  EXPECT_EQ(second["negative_directions"], 1);
  EXPECT_EQ(second["kind"], "saddle");
  const Outcome table =
      run_program({"linear", "critical-points", "--eigenvalues", "1,2,3,4,5", "--hidden", "2"});
  EXPECT_THAT(table.out, HasSubstr("{1, 2}"));
  EXPECT_THAT(table.out, HasSubstr("sorted"));
}

TEST_F(Linear, TakesASecondMomentFromATextFile) {
  write("sigma.csv", "2, 1\n1, 2\n");
  const Json json = linear_json({"critical-points", "--sigma", path("sigma.csv"), "--hidden", "1"});
  EXPECT_NEAR(json["eigenvalues"][0], 3.0, 1e-14);
  EXPECT_NEAR(json["points"][0]["loss"], 1.0, 1e-14);
  // As spreadsheets and people write it.
  write("marked.csv", "\xef\xbb\xbf+2, 1\r\n1, +2.0\r\n");
  EXPECT_NEAR(linear_json({"critical-points", "--sigma", path("marked.csv"), "--hidden",
                           "1"})["eigenvalues"][0],
              3.0, 1e-14);
  EXPECT_EQ(
      linear_json({"critical-points", "--eigenvalues", "+3, 1", "--hidden", "1"})["eigenvalues"][0],
      3.0);
  EXPECT_THAT(refusal({"critical-points", "--eigenvalues", "+-3,1", "--hidden", "1"}),
              HasSubstr("'+-3' is not a finite number"));
  // Rank one, rounded to single precision: its least eigenvalue is -2.9e-8 of the largest.
  write("single.csv",
        "0.010000000 0.033333335 0.010000001\n0.033333335 0.11111110 0.033333335\n"
        "0.010000000 0.033333335 0.010000000\n");
  const Outcome single =
      run_program({"linear", "critical-points", "--sigma", path("single.csv"), "--hidden", "1"});
  EXPECT_EQ(single.code, done) << single.err;
  EXPECT_THAT(single.err, AllOf(HasSubstr("is taken for rounding and 0"),
                                HasSubstr("differs from its transpose by 1e-09")));
  write("skew.csv", "2 1\n0 2\n");
  EXPECT_THAT(refusal({"critical-points", "--sigma", path("skew.csv"), "--hidden", "1"}),
              HasSubstr("symmetric"));
  write("indefinite.csv", "1 2\n2 1\n");
  EXPECT_THAT(refusal({"critical-points", "--sigma", path("indefinite.csv"), "--hidden", "1"}),
              HasSubstr("-1"));
  write("nan.csv", "1 nan\n2 1\n");
  EXPECT_THAT(refusal({"critical-points", "--sigma", path("nan.csv"), "--hidden", "1"}),
              HasSubstr("nan"));
  write("ragged.csv", "1 2\n2\n");
  EXPECT_THAT(refusal({"critical-points", "--sigma", path("ragged.csv"), "--hidden", "1"}),
              HasSubstr("row 2 has 1 numbers"));
}

TEST_F(Linear, SaysWhatTheExpectedMomentOfSparseDataLeavesOpen) {
  const Outcome table = run_program(
      {"linear", "critical-points", "--features", "5", "--sparsity", "0.9", "--hidden", "2"});
  EXPECT_THAT(table.out, HasSubstr("2 to 5 are equal"));
}

TEST_F(Linear, ClassifiesAModel) {
  ASSERT_EQ(run_program({"train", "--features", "5", "--hidden", "2", "--sparsity", "0.95",
                         "--model", "linear", "--quiet", "-o", path("run.h5")})
                .code,
            done);
  const Json json = linear_json({"critical-points", "--features", "5", "--sparsity", "0.95",
                                 "--hidden", "2", "--model", path("run.h5")});
  EXPECT_LT(json["distance"], 1e-6);
  EXPECT_EQ(json["nearest"]["kind"], "minimum");
}

TEST_F(Linear, FlowsOfAllRulesFromOneStart) {
  const Json json = linear_json({"flow", "--eigenvalues", "5,4,3,2,1", "--hidden", "2", "--scale",
                                 "0.3", "-o", path("flow.h5")});
  EXPECT_EQ(json["critical_losses"], Json({15.0, 10.0, 6.0}));
  ASSERT_EQ(json["flows"].size(), 4u);
  for (const Json& flow : json["flows"]) {
    EXPECT_EQ(flow["loss"][0], json["flows"][0]["loss"][0]);
    EXPECT_EQ(flow["stop_reason"], "end");
    if (flow["rule"] == "encoder") {
      EXPECT_GT(flow["final_loss"], 6.01);
    } else {
      EXPECT_NEAR(flow["final_loss"], 6.0, 1e-6) << flow["rule"];
    }
  }
  EXPECT_LT(json["flows"][0]["imbalance_drift"].back(), 1e-7);
  EXPECT_LT(json["flows"][0]["end"]["distance"], 1e-3);

  const Json shown = Json::parse(run_program({"show", path("flow.h5"), "--json"}).out);
  EXPECT_EQ(shown["filetype"], "skeleta linear flow");
  for (const auto& [key, value] : json.items()) {
    EXPECT_EQ(shown[key], value) << key;
  }
  EXPECT_EQ(json["flows"][0]["end"]["nearest"]["set"], Json({1, 2}));
  EXPECT_EQ(json["flows"][0]["end"]["nearest"]["kind"], "minimum");
  EXPECT_TRUE(json["sorted"]);
  EXPECT_EQ(shown["flow"]["rule"], Json({"untied", "encoder", "decoder", "gradient"}));
  EXPECT_EQ(shown["flow"]["loss"][3], json["flows"][3]["loss"]);
  EXPECT_EQ(shown["flow"]["decoder"][1].size(), 5u);
  EXPECT_THAT(run_program({"show", path("flow.h5")}).out, HasSubstr("nearest_loss"));
}

// s(t) = 1/(1 + (1/s₀ − 1)e^{−2λt}), λ = 3 and 2.
TEST_F(Linear, AnAlignedFlowIsLogistic) {
  const Json json = linear_json({"flow", "--eigenvalues", "3,2,1", "--hidden", "2", "--aligned",
                                 "--scale", "0.1", "--rule", "untied", "--time", "2"});
  const Json& strength = json["flows"][0]["strength"];
  for (std::size_t k = 0; k < 201; k += 20) {
    const double t = json["times"][k];
    EXPECT_NEAR(strength[k][0], 1.0 / (1.0 + 99.0 * std::exp(-6.0 * t)), 1e-8);
    EXPECT_NEAR(strength[k][1], 1.0 / (1.0 + 99.0 * std::exp(-4.0 * t)), 1e-8);
    EXPECT_NEAR(strength[k][2], 0.0, 1e-12);
  }
}

TEST_F(Linear, MomentsOfAGrid) {
  const Json json = linear_json({"moments", "--features", "20", "--sparsity", "0.9,0.99",
                                 "--samples", "1e3,1e5,1e12", "-o", path("moments.h5")});
  ASSERT_EQ(json["settings"].size(), 6u);
  for (const Json& row : json["settings"]) {
    EXPECT_EQ(row.contains("measured"), row["samples"] < 1e9);
    if (!row.contains("measured")) continue;
    EXPECT_LE(row["measured"]["spectral_noise"], row["noise_bound"]);
    EXPECT_LE(row["measured"]["spectral_distance"], row["distance_bound"]);
    EXPECT_NEAR(double(row["measured"]["distance"]), double(row["distance"]),
                0.3 * double(row["distance"]));
  }
  const storage::ResultFile file = storage::read_result(path("moments.h5"));
  EXPECT_EQ(file.filetype, "skeleta linear moments");
  EXPECT_THAT(file.provenance.options_toml,
              HasSubstr("samples = [ 1000.0, 100000.0, 1000000000000.0 ]"));
  EXPECT_EQ(run_program({"linear", "moments", "--features", "20", "--sparsity", "0.9", "--samples",
                         "100", "-o", path("moments.h5")})
                .code,
            usage);
  EXPECT_THAT(run_program({"linear", "moments", "--features", "20", "--sparsity", "0.9",
                           "--samples", "100", "--quiet", "--force", "-o", path("moments.h5")})
                  .out,
              HasSubstr("measured"));
}

TEST_F(Linear, MomentsOfOtherLaws) {
  const std::vector<std::string> law{"--groups", "exclusive(0,1)", "--values", "half-normal:1"};
  const auto moments = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "moments");
    arguments.insert(arguments.end(), law.begin(), law.end());
    return arguments;
  };
  const auto typed = moments({"--features", "4", "--density", "0.1,0.2", "--samples", "1e5"});
  const Json json = linear_json(typed);
  ASSERT_EQ(json["settings"].size(), 2u);
  for (const Json& row : json["settings"]) {
    EXPECT_DOUBLE_EQ(row["mean_square"], row["density"]);  // E U² = 1
    EXPECT_LE(row["measured"]["spectral_noise"], row["noise_bound"]);
    EXPECT_NEAR(double(row["measured"]["noise"]), double(row["noise"]), 0.5 * double(row["noise"]));
  }
  EXPECT_THAT(run_program({"linear", "moments", "--features", "4", "--density", "0.1", "--samples",
                           "1000", "--groups", "exclusive(0,1)", "--quiet"})
                  .out,
              AllOf(HasSubstr("4 features, groups exclusive"), HasSubstr("relative to s")));
  EXPECT_THAT(refusal({"moments", "--features", "4", "--density", "0.6", "--samples", "10",
                       "--groups", "exclusive(0,1)"}),
              HasSubstr("--groups"));
}

// What a model file says of its features; flags win.
TEST_F(Linear, MomentsOfTheFeaturesOfAFile) {
  const std::string model = path("model.h5");
  ASSERT_EQ(run_program({"train", "--features", "3", "--hidden", "1", "--density", "0.1,0.2,0.3",
                         "--values", "constant:2", "--starts", "1", "--steps", "2", "--quiet", "-o",
                         model})
                .code,
            0);
  const Json json = linear_json({"moments", "--model", model, "--samples", "1e4"});
  EXPECT_NEAR(double(json["settings"][0]["density"]), 0.2, 1e-15);
  EXPECT_NEAR(double(json["settings"][0]["mean_square"]), 0.8, 1e-15);
  const Json other =
      linear_json({"moments", "--model", model, "--samples", "1e4", "--values", "constant:1"});
  EXPECT_NEAR(double(other["settings"][0]["mean_square"]), 0.2, 1e-15);
  EXPECT_THAT(refusal({"moments", "--model", model, "--features", "3", "--samples", "10"}),
              HasSubstr("--features D, or --model"));
}

TEST_F(Linear, RefusesBadInput) {
  EXPECT_THAT(refusal({"critical-points", "--eigenvalues", "2,1", "--hidden", "1", "--model",
                       path("none.h5"), "-o", path("a.h5")}),
              HasSubstr("leave --model out"));
  EXPECT_THAT(refusal({"critical-points", "--hidden", "2"}), HasSubstr("one second moment"));
  EXPECT_THAT(
      refusal({"critical-points", "--eigenvalues", "2,1", "--features", "3", "--hidden", "1"}),
      HasSubstr("one second moment"));
  EXPECT_THAT(refusal({"critical-points", "--eigenvalues", "2,1", "--hidden", "3"}),
              HasSubstr("--hidden 3 exceeds"));
  EXPECT_THAT(refusal({"critical-points", "--eigenvalues", "2,x", "--hidden", "1"}),
              HasSubstr("'x'"));
  EXPECT_THAT(refusal({"critical-points", "--eigenvalues", "2,-1", "--hidden", "1"}),
              HasSubstr("-1"));
  EXPECT_THAT(refusal({"flow", "--eigenvalues", "2,1", "--hidden", "1", "--scale", "0"}),
              HasSubstr("--scale"));
  EXPECT_THAT(refusal({"flow", "--eigenvalues", "2,0", "--hidden", "2"}), HasSubstr("is 0"));
  EXPECT_THAT(refusal({"flow", "--eigenvalues", "2,1", "--hidden", "1", "--rule", "oja"}),
              HasSubstr("oja"));
  EXPECT_THAT(refusal({"moments", "--features", "5", "--samples", "10"}), HasSubstr("sparse"));
  EXPECT_THAT(refusal({"moments", "--features", "5", "--sparsity", "1", "--samples", "10"}),
              HasSubstr("--sparsity 1 must"));
  EXPECT_THAT(refusal({"moments", "--features", "5", "--sparsity", "0.5", "--samples", "1.5"}),
              HasSubstr("whole number"));
  EXPECT_THAT(refusal({"moments", "--features", "5", "--sparsity", "0.5", "--samples", "10",
                       "--confidence", "1"}),
              HasSubstr("confidence"));
}

}  // namespace
}  // namespace skeleta::program
