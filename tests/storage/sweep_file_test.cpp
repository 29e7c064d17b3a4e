#include "skeleta/storage/sweep_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "skeleta/storage/file_error.h"
#include "storage/example_sweep.h"
#include "storage/workplace.h"

namespace skeleta::storage {
namespace {

using testing::HasSubstr;

void expect_same(double a, double b) {
  EXPECT_TRUE(a == b || (std::isnan(a) && std::isnan(b))) << a << " " << b;
}

TEST(SweepFile, ComesBackBitByBit) {
  const TemporaryFolder folder;
  const std::vector<SweptCell> cells = example_sweep();
  write_sweep(folder / "sweep.h5", {"skeleta sweep", "a = 1", "", 5, 2}, cells, false);
  const SweepFile file = read_sweep(folder / "sweep.h5");
  EXPECT_EQ(file.provenance.options_toml, "a = 1");
  EXPECT_EQ(file.build.version, build_info().version);
  ASSERT_EQ(file.cells.size(), 3u);
  for (std::size_t k = 0; k < 3; ++k) {
    const SweptCell &a = file.cells[k], &b = cells[k];
    EXPECT_EQ(a.cell.index, b.cell.index);
    EXPECT_EQ(a.cell.features, b.cell.features);
    EXPECT_EQ(a.cell.hidden, b.cell.hidden);
    EXPECT_EQ(a.cell.density, b.cell.density);
    EXPECT_EQ(a.cell.importance_decay, b.cell.importance_decay);
    EXPECT_EQ(a.cell.objective, b.cell.objective);
    EXPECT_EQ(a.cell.seed, b.cell.seed);
    EXPECT_EQ(a.best_start, b.best_start);
    EXPECT_EQ(a.model.W, b.model.W);
    EXPECT_EQ(a.model.b, b.model.b);
    expect_same(a.loss, b.loss);
    expect_same(a.error_bound, b.error_bound);
    expect_same(a.gradient_norm, b.gradient_norm);
    EXPECT_EQ(a.stop_reason, b.stop_reason);
    EXPECT_EQ(a.failed, b.failed);
    EXPECT_EQ(a.represented, b.represented);
    ASSERT_EQ(a.dimensionality.size(), b.dimensionality.size());
    for (Index i = 0; i < a.dimensionality.size(); ++i) {
      expect_same(a.dimensionality(i), b.dimensionality(i));
    }
    EXPECT_EQ(a.minimum_loss, b.minimum_loss);
    EXPECT_EQ(a.minimum_count, b.minimum_count);
    EXPECT_EQ(a.minimum_rank, b.minimum_rank);
  }
}

TEST(SweepFile, KeepsDecoders) {
  const TemporaryFolder folder;
  write_sweep(folder / "tied.h5", {}, example_sweep(), false);
  for (const SweptCell& cell : read_sweep(folder / "tied.h5").cells) {
    EXPECT_TRUE(cell.model.tied());
  }
  const std::vector<SweptCell> cells = example_untied_sweep();
  write_sweep(folder / "untied.h5", {}, cells, false);
  const SweepFile file = read_sweep(folder / "untied.h5");
  for (std::size_t k = 0; k < cells.size(); ++k) {
    EXPECT_EQ(file.cells[k].model.W_out, cells[k].model.W_out);
  }
  run_python("alter_run.py", (folder / "untied.h5").string() + " " + (folder / "bad.h5").string() +
                                 " 'f[\"sweep/W_out\"][1, 0, 0] = np.nan'");
  EXPECT_THAT(message_of<FileError>([&] { read_sweep(folder / "bad.h5"); }),
              HasSubstr("W_out or b of cell 1 is not finite"));
}

// HDF5 readers of other languages have signed integers only.
TEST(SweepFile, KeepsSeedsOfAllBits) {
  const TemporaryFolder folder;
  std::vector<SweptCell> cells = example_sweep();
  cells[0].cell.seed = 0x8000000000000000u;
  cells[1].cell.seed = 0xffffffffffffffffu;
  write_sweep(folder / "sweep.h5", {}, cells, false);
  const SweepFile file = read_sweep(folder / "sweep.h5");
  EXPECT_EQ(file.cells[0].cell.seed, cells[0].cell.seed);
  EXPECT_EQ(file.cells[1].cell.seed, cells[1].cell.seed);
}

TEST(SweepFile, RefusesAxesOfTheWrongShape) {
  const TemporaryFolder folder;
  const auto good = folder / "sweep.h5";
  write_sweep(good, {}, example_sweep(), false);
  const std::pair<const char*, const char*> damages[] = {
      {"del f[\"sweep/cell\"]; f[\"sweep/cell\"] = 3", "/sweep/cell has shape [], but it is"},
      {"del f[\"sweep/dimension\"]; f[\"sweep/dimension\"] = 2",
       "/sweep/dimension has shape [], but it is"},
      {"del f[\"sweep/feature\"]; f[\"sweep/feature\"] = np.arange(9)",
       "/sweep/dimensionality has shape [3, 4], but its axes [cell, feature] have [3, 9]"},
      {"f[\"sweep/density\"][1] = 2", "/sweep/density[1] is 2: it must be from 0 to 1"},
      {"f[\"sweep/features\"][1] = 0", "/sweep/features[1] is 0: it must be at least 1"},
  };
  with_altered(good, damages, [](const std::filesystem::path& bad, const std::string& sentence) {
    EXPECT_THAT(message_of<FileError>([&] { read_sweep(bad); }), HasSubstr(sentence));
  });
}

TEST(SweepFile, RefusesOtherKindsAndDamage) {
  const TemporaryFolder folder;
  const auto good = folder / "sweep.h5", bad = folder / "bad.h5";
  EXPECT_THROW(write_sweep(good, {}, {}, false), std::invalid_argument);
  write_sweep(good, {}, example_sweep(), false);
  EXPECT_THAT(message_of<FileError>([&] { read_run(good); }),
              HasSubstr("is a 'skeleta sweep' file, but a 'skeleta estimate' file is needed"));
  run_python("alter_run.py", good.string() + " " + bad.string() + " 'f[\"sweep/hidden\"][1] = 9'");
  EXPECT_THAT(message_of<FileError>([&] { read_sweep(bad); }),
              HasSubstr("/sweep/W holds no 9 x 4 weights for cell 1"));
}

}  // namespace
}  // namespace skeleta::storage
