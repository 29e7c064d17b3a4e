#include "storage/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <stdexcept>

#include "../../lib/storage/schema_table.h"
#include "skeleta/storage/run_file.h"
#include "storage/example_runs.h"
#include "storage/example_sweep.h"
#include "storage/example_training.h"
#include "storage/workplace.h"

namespace skeleta::storage {
namespace {

using testing::HasSubstr;

TEST(Schema, PageIsTheCommittedOne) {
  const std::string page = SKELETA_SOURCE_DIR "/data/schema.md";
  if (contents(page) == schema_markdown()) return;
  const auto fresh = std::filesystem::temp_directory_path() / "skeleta_schema.md";
  put(fresh, schema_markdown());
  ADD_FAILURE() << "the table has changed: cp " << fresh.string() << " " << page;
}

TEST(Schema, HasOnlyLegalNamesAndAScaleForEveryAxis) {
  const std::regex legal("W|W_out|b|[a-z][a-z0-9_]*");
  std::set<std::string> axes, paths;
  for (const DatasetEntry& entry : dataset_entries()) {
    EXPECT_TRUE(std::regex_match(entry.name, legal)) << entry.path();
    EXPECT_TRUE(paths.insert(entry.path()).second) << entry.path() << " twice";
    EXPECT_FALSE(entry.units.empty() || entry.long_name.empty()) << entry.path();
    if (entry.is_axis()) axes.insert(entry.path());
    for (const std::string& axis : entry.axes) {
      EXPECT_TRUE(axes.contains(entry.group + "/" + axis)) << entry.path() << " before " << axis;
    }
  }
}

TEST(Schema, RefusesWhatItDoesNotList) {
  EXPECT_EQ(dataset_entry("/model/W").axes.size(), 3u);
  EXPECT_THAT(message_of<std::logic_error>([] { dataset_entry("/model/w"); }),
              HasSubstr("no dataset /model/w"));
  EXPECT_THAT(message_of<std::logic_error>([] { check_attribute("seed", "string"); }),
              HasSubstr("no attribute string seed"));
}

TEST(Schema, RefusesShapesThatDisagreeWithTheAxes) {
  const DatasetEntry& mean = dataset_entry("/loss/mean");
  EXPECT_NO_THROW(check_shape(mean, {2, 4}, {2, 4}));
  const auto message = [&](std::vector<std::size_t> shape, std::vector<std::size_t> axes) {
    return message_of<std::logic_error>([&] { check_shape(mean, shape, axes); });
  };
  EXPECT_EQ(message({4, 2}, {2, 4}),
            "/loss/mean has shape [4, 2], but its axes [instance, l] have [2, 4]");
  EXPECT_THAT(message({8}, {2, 4}), HasSubstr("[8]"));
  EXPECT_THAT(message({2}, {2}), HasSubstr("[2]"));  // a scale that was not written
}

// What list_file.py prints of a file that holds all that the table has of these groups.
std::string listing(const std::set<std::string>& groups, const std::string& absent = "never") {
  std::set<std::string> attributes, opened;
  for (const AttributeEntry& entry : attribute_entries()) attributes.insert(entry.name);
  std::string expected;
  for (const std::string& name : attributes) expected += "@" + name + "\n";
  for (const DatasetEntry& entry : dataset_entries()) {
    if (!groups.contains(entry.group) || entry.present.starts_with(absent)) continue;
    if (opened.insert(entry.group).second) expected += entry.group + "\n";
    expected += entry.path() + " " + to_string(entry.element) + "\n";
  }
  return expected;
}

// The table and the files have the same datasets: nothing listed is missing, nothing is unlisted.
TEST(Schema, ListsWhatAFileHolds) {
  const TemporaryFolder folder;
  std::vector<EstimateRun> runs = example_runs();
  make_general(runs);
  write_estimate(folder / "run.h5", {}, runs, false);
  EXPECT_EQ(run_python("list_file.py", (folder / "run.h5").string()),
            listing({"/model", "/data", "/loss", "/tail", "/state", "/geometry"}));
  write_training(folder / "train.h5", {}, example_training(), false);
  EXPECT_EQ(run_python("list_file.py", (folder / "train.h5").string()),
            listing({"/model", "/data", "/training"}, "since 1.8"));
  write_sweep(folder / "sweep.h5", {}, example_untied_sweep(), false);
  EXPECT_EQ(run_python("list_file.py", (folder / "sweep.h5").string()), listing({"/sweep"}));
}

}  // namespace
}  // namespace skeleta::storage
