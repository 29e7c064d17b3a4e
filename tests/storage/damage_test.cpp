// Run files of every kind, of the layout before checksums, damaged at random: each is refused or
// read, and whatever HDF5 does with it stays in the child.
#include <gtest/gtest.h>

#include <random>

#include "skeleta/storage/file_error.h"
#include "skeleta/storage/model_file.h"
#include "skeleta/storage/result_file.h"
#include "skeleta/storage/sweep_file.h"
#include "skeleta/storage/training_file.h"
#include "storage/workplace.h"

namespace skeleta::storage {
namespace {

void read_anything(const std::filesystem::path& file) {
  const std::string kind = filetype_of(file);
  if (kind == "skeleta estimate") {
    read_run(file);
  } else if (kind == "skeleta train") {
    read_training(file);
  } else if (kind == "skeleta sweep") {
    read_sweep(file);
  } else {
    read_result(file);
  }
}

// One byte, a page of zeros, or a page of another place.
std::string damaged(std::string bytes, std::mt19937& random) {
  constexpr std::size_t page = 512;
  const std::size_t place = random() % bytes.size();
  switch (random() % 4) {
    case 0:
      bytes.replace(place, page, page, '\0');
      break;
    case 1:
      bytes.replace(place, page, bytes.substr(random() % bytes.size(), page));
      break;
    default:
      bytes[place] = static_cast<char>(random());
  }
  return bytes;
}

TEST(Damage, NeverTakesTheProgramAlong) {
  const TemporaryFolder folder;
  std::mt19937 random(1);
  int refused = 0, read = 0;
  for (const char* name : {"estimate_1_5", "estimate_one", "train", "sweep", "linear_flow",
                           "thomson_match", "approximate"}) {
    const std::string good =
        contents(std::string(SKELETA_SOURCE_DIR "/data/fixtures/") + name + ".h5");
    for (int k = 0; k < 6; ++k) {
      put(folder / "bad.h5", damaged(good, random));
      try {
        read_anything(folder / "bad.h5");
        ++read;
      } catch (const FileError& error) {
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 5);
  EXPECT_GT(read, 5);
}

}  // namespace
}  // namespace skeleta::storage
