// The files are for other people's tools: each must give back the right numbers along the right
// axes. A missing tool is a failure.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "skeleta/storage/run_file.h"
#include "storage/example_runs.h"
#include "storage/workplace.h"

namespace skeleta::storage {
namespace {

using testing::HasSubstr;

class Readers : public testing::Test {
 protected:
  void SetUp() override { write_estimate(file_, example_provenance(), example_runs(), false); }

  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "run.h5";
};

TEST_F(Readers, Python) {
  run_python("readers_test.py", file_.string());
}

TEST_F(Readers, Octave) {
  EXPECT_THAT(
      run_command("octave-cli --norc --quiet " SKELETA_SOURCE_DIR "/tests/storage/readers_test.m " +
                  file_.string()),
      HasSubstr("all right"));
}

TEST_F(Readers, Ncdump) {
  const std::string text = run_command("ncdump -p 9,17 " + file_.string());
  EXPECT_THAT(text, HasSubstr("double W(instance, hidden, feature) ;"));
  EXPECT_THAT(text, HasSubstr("double mean(instance, l) ;"));
  EXPECT_THAT(text, HasSubstr(":seed_hex = \"0xfedcba9876543210\" ;"));
  EXPECT_THAT(text, HasSubstr("stop_reason:flag_meanings = \"exact samples precision"));
  const auto W = text.find("W =\n");
  ASSERT_NE(W, std::string::npos);
  std::string numbers = text.substr(W + 4, text.find(';', W) - W - 4);
  std::erase_if(numbers, [](char c) { return c == ' ' || c == '\n'; });
  EXPECT_EQ(numbers, "0.5,1.5,2.5,10.5,11.5,12.5,100.5,101.5,102.5,110.5,111.5,112.5");
}

// Compressed chunks too, and texts that are empty.
TEST_F(Readers, PythonReadsLargeFiles) {
  const auto large = folder_ / "large.h5";
  write_estimate(large, {}, example_runs(40, 300), false);
  const std::string script =
      "import sys, h5py, xarray\n"
      "for engine in 'h5netcdf', 'netcdf4':\n"
      "  assert xarray.open_dataset(sys.argv[1], engine=engine).options == ''\n"
      "  m = xarray.open_dataset(sys.argv[1], engine=engine, group='model')\n"
      "  assert m.W[1, 39, 299] == 100 + 390 + 299 + .5\n"
      "w = h5py.File(sys.argv[1])['/model/W']\n"
      "assert w.compression == 'gzip' and w.shuffle and w.fletcher32\n";
  run_command("/usr/bin/python3 -c \"" + script + "\" " + large.string());
}

}  // namespace
}  // namespace skeleta::storage
