#include "../../lib/storage/seal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "skeleta/storage/file_error.h"
#include "skeleta/storage/run_file.h"
#include "storage/example_runs.h"
#include "storage/workplace.h"

namespace skeleta::storage {
namespace {

using testing::HasSubstr;

std::vector<char> bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

// The check value of CRC-64/XZ in the catalogue of parametrised CRC algorithms.
TEST(Seal, IsTheWellKnownChecksum) {
  EXPECT_EQ(crc64(bytes_of("123456789")), 0x995dc9bbdf1939fau);
  EXPECT_EQ(crc64({}), 0u);
}

TEST(Seal, FindsEveryFlippedBit) {
  std::vector<char> bytes = bytes_of("a short file");
  EXPECT_EQ(check_seal(bytes), Seal::none);
  add_seal(bytes);
  ASSERT_EQ(check_seal(bytes), Seal::intact);
  const std::size_t mark = bytes.size() - seal_size;
  for (std::size_t k = 0; k < bytes.size(); ++k) {
    for (int bit = 0; bit < 8; ++bit) {
      std::vector<char> damaged = bytes;
      damaged[k] = static_cast<char>(damaged[k] ^ (1 << bit));
      const bool in_mark = k >= mark && k < mark + 16;
      EXPECT_EQ(check_seal(damaged), in_mark ? Seal::none : Seal::broken) << k << ' ' << bit;
    }
  }
}

TEST(Seal, EndsEveryRunFileAndIsChecked) {
  const TemporaryFolder folder;
  const auto file = folder / "run.h5";
  write_estimate(file, example_provenance(), example_runs(), false);
  EXPECT_TRUE(read_run(file).provenance.sealed);
  const std::string good = contents(file);
  for (std::size_t k = 7; k + seal_size < good.size(); k += 997) {
    std::string bad = good;
    bad[k] = static_cast<char>(bad[k] ^ 0x10);
    put(file, bad);
    EXPECT_THAT(message_of<FileError>([&] { read_run(file); }),
                HasSubstr("is damaged: its checksum is not that of its content"));
  }
}

// A tool that changes the file drops the seal: the file is read, and says so.
TEST(Seal, IsDroppedByOthers) {
  const TemporaryFolder folder;
  const auto file = folder / "run.h5", changed = folder / "changed.h5";
  write_estimate(file, example_provenance(), example_runs(), false);
  run_python("alter_run.py",
             file.string() + " " + changed.string() + " 'f.attrs[\"note\"] = \"mine\"'");
  const RunFile run = read_run(changed);
  EXPECT_FALSE(run.provenance.sealed);
  EXPECT_EQ(run.estimates[1].model.W, example_runs()[1].model.W);
}

}  // namespace
}  // namespace skeleta::storage
