#include "skeleta/storage/result_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "skeleta/storage/file_error.h"
#include "storage/workplace.h"

namespace skeleta::storage {
namespace {

using ::testing::HasSubstr;

Results example() {
  Results results;
  results.axis("/critical/mode", 2);
  results.axis("/critical/point", 3);
  results.add("/critical/eigenvalue", Vector{{2.0, 0.1}});
  results.add("/critical/member", {3, 2}, std::vector<std::int64_t>{1, 0, 0, 1, 0, 0});
  results.add("/critical/loss",
              std::vector<double>{0.1, 2.0, std::numeric_limits<double>::quiet_NaN()});
  results.add("/critical/kind", Category{{0, 1, 1}, {"minimum", "saddle"}});
  return results;
}

const Provenance origin{"skeleta linear critical-points --hidden 1", "hidden = 1\n", "", 7, 2};

class ResultFileTest : public ::testing::Test {
 protected:
  std::filesystem::path path(const std::string& name) const { return folder_ / name; }

 private:
  TemporaryFolder folder_;
};

TEST_F(ResultFileTest, GivesBackWhatWasWritten) {
  write_result(path("a.h5"), "skeleta linear critical-points", origin, example(), false);
  const ResultFile file = read_result(path("a.h5"));
  EXPECT_EQ(file.filetype, "skeleta linear critical-points");
  EXPECT_EQ(file.provenance.command_line, origin.command_line);
  EXPECT_EQ(file.provenance.seed, 7u);
  ASSERT_EQ(file.datasets.size(), 6u);
  EXPECT_EQ(file.datasets[0].path, "/critical/mode");
  const ResultDataset& member = file.datasets[3];
  EXPECT_EQ(member.path, "/critical/member");
  EXPECT_EQ(member.shape, (std::vector<std::size_t>{3, 2}));
}

TEST_F(ResultFileTest, IsNotReplacedUnasked) {
  write_result(path("a.h5"), "skeleta linear critical-points", origin, example(), false);
  EXPECT_THROW(
      write_result(path("a.h5"), "skeleta linear critical-points", origin, example(), false),
      FileError);
  write_result(path("a.h5"), "skeleta linear critical-points", origin, example(), true);
}

TEST_F(ResultFileTest, HasOnlyWhatTheSchemaHas) {
  EXPECT_THROW(write_result(path("a.h5"), "skeleta guess", origin, example(), false),
               std::logic_error);
  Results unknown = example();
  unknown.add("/critical/colour", std::vector<double>{1.0});
  EXPECT_THROW(write_result(path("b.h5"), "skeleta linear flow", origin, unknown, false),
               std::logic_error);
  Results short_one;
  short_one.axis("/critical/mode", 2);
  short_one.add("/critical/eigenvalue", Vector{{1.0}});
  EXPECT_THROW(write_result(path("c.h5"), "skeleta linear flow", origin, short_one, false),
               std::logic_error);
}

TEST_F(ResultFileTest, RefusesOtherKinds) {
  EXPECT_THROW(read_result(SKELETA_SOURCE_DIR "/data/fixtures/train.h5"), FileError);
  EXPECT_THROW(read_result(path("none.h5")), FileError);
}

}  // namespace
}  // namespace skeleta::storage
