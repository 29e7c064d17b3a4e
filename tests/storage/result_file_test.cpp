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
  results.add("/critical/eigenvalue", Vector{{2.0, 0.1}});
  results.add("/critical/eigenspace", std::vector<std::int64_t>{0, 1});
  results.add("/critical/member", {3, 2}, std::vector<std::int64_t>{1, 0, 0, 1, 0, 0});
  results.add("/critical/rank", std::vector<std::int64_t>{1, 1, 0});
  results.add("/critical/loss",
              std::vector<double>{0.1, 2.0, std::numeric_limits<double>::quiet_NaN()});
  results.add("/critical/negative_directions", std::vector<std::int64_t>{0, 1, 2});
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
  ASSERT_EQ(file.datasets.size(), 9u);
  EXPECT_EQ(file.datasets[0].path, "/critical/mode");
  const ResultDataset& member = file.datasets[4];
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
  EXPECT_THROW(unknown.add("/critical/colour", std::vector<double>{1.0}), std::logic_error);
  Results short_one;
  short_one.add("/critical/eigenvalue", Vector{{1.0}});
  short_one.add("/critical/eigenspace", std::vector<std::int64_t>{0, 1});
  EXPECT_THROW(write_result(path("c.h5"), "skeleta linear flow", origin, short_one, false),
               std::logic_error);
}

TEST_F(ResultFileTest, RefusesWhatIsNotAsTheSchemaSays) {
  write_result(path("good.h5"), "skeleta linear critical-points", origin, example(), false);
  const std::pair<const char*, const char*> damages[] = {
      {"del f[\"critical/rank\"]",
       "has no dataset /critical/rank, which belongs to /critical/mode"},
      {"f[\"critical/member\"][2, 1] = 2", "/critical/member[2, 1] is 2: it must be from 0 to 1"},
      {"f[\"critical/kind\"].attrs[\"flag_meanings\"] = \" \".join([\"a\"] * 300); "
       "f[\"critical/kind\"].attrs[\"flag_values\"] = np.arange(300)",
       "/critical/kind has 300 flag_meanings: a category has at most 128"},
      {"del f[\"critical/mode\"]; f[\"critical/mode\"] = np.zeros((2, 1), int)",
       "/critical/mode has shape [2, 1], but it is an axis"},
      {"del f[\"critical/loss\"]; f.create_dataset(\"critical/loss\", (10**8,), \"f8\")",
       "/critical/loss has shape [100000000], but its axes [point] have [3]"},
      {"del f[\"critical/loss\"]; f.create_dataset(\"critical/loss\", (3,), \"f8\")",
       "/critical/loss was never written"},
      {"del f[\"critical/rank\"]; f[\"critical/rank\"] = h5py.ExternalLink(\"pipe\", \"/x\")",
       "/critical/rank is a link to /x in another file"},
  };
  with_altered(path("good.h5"), damages,
               [](const std::filesystem::path& bad, const std::string& sentence) {
                 EXPECT_THAT(message_of<FileError>([&] { read_result(bad); }), HasSubstr(sentence));
               });
}

// An axis that was not given counts; the order is that of the schema.
TEST_F(ResultFileTest, CountsAlongAxes) {
  Results results;
  results.add("/critical/member", {1, 2}, std::vector<std::int64_t>{1, 0});
  results.add("/critical/mode", std::vector<std::int64_t>{5, 7});
  std::vector<std::string> paths;
  for (const ResultDataset& dataset : results.datasets()) paths.push_back(dataset.path);
  EXPECT_THAT(paths,
              ::testing::ElementsAre("/critical/mode", "/critical/point", "/critical/member"));
  EXPECT_EQ(std::get<1>(results.datasets()[0].values), (std::vector<std::int64_t>{5, 7}));
  EXPECT_EQ(std::get<1>(results.datasets()[1].values), (std::vector<std::int64_t>{0}));
}

TEST_F(ResultFileTest, RefusesWhatIsNoRunFile) {
  EXPECT_THROW(read_result(SKELETA_SOURCE_DIR "/data/trained/n5_m2_S0.95.h5"), FileError);
  EXPECT_THROW(read_result(path("none.h5")), FileError);
}

}  // namespace
}  // namespace skeleta::storage
