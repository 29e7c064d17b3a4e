#include "selftest.h"

#include <map>

#include "workplace.h"

namespace skeleta::program {
namespace {

using ::testing::HasSubstr;

class Selftest : public Workplace {};

TEST_F(Selftest, PassesHere) {
  const Outcome outcome = run_program({"selftest", "--folder", folder_, "--json"});
  ASSERT_EQ(outcome.code, done) << outcome.out;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_TRUE(json["passed"].get<bool>());
  EXPECT_EQ(json["checks"].size(), checks(folder_, 1).size());
  for (const auto& check : json["checks"]) EXPECT_NE(check["words"], "") << check;
  EXPECT_THAT(json["machine"]["skeleta"].get<std::string>(), HasSubstr("commit"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_));  // nothing is left behind
}

// A folder in which nothing can be written, also not by root.
TEST_F(Selftest, SaysWhatFails) {
  const Outcome outcome = run_program({"selftest", "--folder", "/proc"});
  EXPECT_EQ(outcome.code, failed);
  EXPECT_THAT(outcome.out, HasSubstr("files       FAILED  no folder can be made in /proc"));
  EXPECT_THAT(outcome.out, HasSubstr("9 of 10 passed"));
  EXPECT_THAT(outcome.out, HasSubstr("processor"));
}

TEST_F(Selftest, RefusesWhatIsNoFolder) {
  const Outcome outcome = run_program({"selftest", "--folder", path("missing")});
  EXPECT_EQ(outcome.code, usage);
  EXPECT_THAT(outcome.err, HasSubstr("it must be a folder"));
}

}  // namespace
}  // namespace skeleta::program
