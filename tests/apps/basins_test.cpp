// skeleta basins
#include <fmt/format.h>

#include "workplace.h"

namespace skeleta::program {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

class BasinsProgram : public Workplace {
 protected:
  static Words command(const Words& more = {}) {
    Words words{"basins",    "--features", "2",           "--hidden", "1",
                "--density", "0.1",        "--deviation", "0.1"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
};

TEST_F(BasinsProgram, TellsProbabilitiesThatSumToOne) {
  const Outcome outcome = run_program(command({"--starts", "40", "--json"}));
  ASSERT_EQ(outcome.code, done) << outcome.err;
  const Json found = Json::parse(outcome.out);
  EXPECT_EQ(found["done"], 40);
  double sum = found["not_converged"].get<double>() / 40.0;
  for (const Json& basin : found["minima"]) {
    const double p = basin["probability"];
    EXPECT_LE(basin["lower"].get<double>(), p);
    EXPECT_GE(basin["upper"].get<double>(), p);
    sum += p;
  }
  EXPECT_NEAR(sum, 1.0, 1e-12);
  EXPECT_EQ(found["minima"].size(), 2);
  const Outcome words = run_program(command({"--starts", "40"}));
  EXPECT_THAT(words.out,
              AllOf(HasSubstr("40 random starts"), HasSubstr("0.003319484"), HasSubstr("all")));
}

TEST_F(BasinsProgram, GoesOnToTheSameBits) {
  ASSERT_EQ(run_program(command({"--starts", "30", "-o", path("whole.h5")})).code, done);
  ASSERT_EQ(run_program(command({"--starts", "11", "-o", path("part.h5")})).code, done);
  ASSERT_EQ(run_program(command({"--starts", "30", "-o", path("part.h5")})).code, done);
  expect_same_datasets("whole.h5", "part.h5");
  const Outcome fewer = run_program(command({"--starts", "5", "-o", path("part.h5")}));
  EXPECT_EQ(fewer.code, usage);
  EXPECT_THAT(fewer.err, HasSubstr("30 starts, more than 5"));
}

TEST_F(BasinsProgram, SaysWhatDoesNotConverge) {
  const Outcome outcome = run_program(command({"--starts", "3", "--steps", "2"}));
  EXPECT_EQ(outcome.code, failed);
  EXPECT_THAT(outcome.err, HasSubstr("no start converged"));
  EXPECT_THAT(outcome.out, HasSubstr("did not converge"));
}

// More steps would not help.
TEST_F(BasinsProgram, RefusesPenaltiesBesideWhichTheLossIsNothing) {
  const Outcome outcome =
      run_program({"basins", "--features", "2", "--hidden", "1", "--sparsity", "0.9",
                   "--importance", "1e-160", "--interference", "1e-2", "--starts", "3"});
  EXPECT_EQ(outcome.code, usage) << outcome.out;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("--interference 0.01 is 2e+159 times the loss"),
                                 HasSubstr("or larger importances")));
  EXPECT_EQ(run_program({"basins", "--features", "2", "--hidden", "1", "--sparsity", "0.9",
                         "--importance", "1e-130", "--interference", "1e-2", "--starts", "3"})
                .code,
            done);
}

TEST_F(BasinsProgram, RefusesWhatItDoesNotKnow) {
  for (const auto& [more, words] :
       {std::pair{Words{"--deviation", "0"}, "deviation"},
        std::pair{Words{"--values", "constant:1"}, "--values"},
        std::pair{Words{"--importance-decay", "-1"}, "--importance-decay"}}) {
    Words all = command(more);
    if (more.front() == "--deviation") std::erase(all, "0.1");
    const Outcome outcome = run_program(all);
    EXPECT_EQ(outcome.code, usage) << outcome.out;
    EXPECT_THAT(outcome.err, HasSubstr(words));
  }
  EXPECT_THAT(run_program({"basins", "--sparsity", "0.9"}).err, HasSubstr("needs sizes"));
}

}  // namespace
}  // namespace skeleta::program
