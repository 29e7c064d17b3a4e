#include "result_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "basins_report.h"
#include "errors.h"

namespace skeleta::program {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using Json = nlohmann::ordered_json;

TEST(ResultReport, NamesWhatIsNotThere) {
  const Json json{{"loss", 0.5}, {"none", nullptr}, {"list", {1, 2}}};
  EXPECT_EQ(at(json, "loss"), 0.5);
  EXPECT_TRUE(at(json, "none").is_null());
  EXPECT_EQ(entry(at(json, "list"), 1), 2);
  for (const Json& other : {json, Json(nullptr), Json::array({1}), Json("text")}) {
    EXPECT_THAT([&] { at(other, "tail"); },
                ThrowsMessage<UsageError>(HasSubstr("no tail, which belongs to its kind")));
  }
  for (const Json& other : {at(json, "list"), json, Json(nullptr)}) {
    EXPECT_THAT([&] { entry(other, 2); }, ThrowsMessage<UsageError>(HasSubstr("no entry 2")));
  }
}

TEST(BasinsReport, RefusesMoreThanAll) {
  const Json changed{{"done", 12}, {"planned", 12}, {"not_converged", 127}};
  std::ostringstream out;
  EXPECT_THAT([&] { print_basins(out, changed); },
              ThrowsMessage<UsageError>(HasSubstr("12 starts, of which 127 did not")));
}

}  // namespace
}  // namespace skeleta::program
