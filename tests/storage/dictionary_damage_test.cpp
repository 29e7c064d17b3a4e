// Dictionaries of every format, damaged at random: each is refused in a sentence or read, and none
// makes the reader take more memory than a small file can need.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <fstream>
#include <functional>
#include <random>

#include "skeleta/storage/dictionary_input.h"
#include "skeleta/storage/file_error.h"
#include "storage/tensor_writers.h"
#include "storage/watched_memory.h"
#include "storage/workplace.h"
#include "support.h"

namespace skeleta::storage {
namespace {

constexpr std::size_t D = 6, d = 4;

std::vector<Written> small_dictionary(const char* type) {
  std::vector<float> W, b;
  for (std::size_t k = 0; k < D * d; ++k) W.push_back(0.5F * static_cast<float>(k % 7));
  for (std::size_t k = 0; k < D; ++k) b.push_back(0.25F * static_cast<float>(k));
  return {{"W_dec", type, {D, d}, raw(W)},
          {"W_enc", type, {d, D}, raw(W)},
          {"b_enc", type, {D}, raw(b)},
          {"threshold", type, {D}, raw(b)}};
}

// Bytes, numbers that are read as sizes, text of a header, and places.
std::string damaged(std::string bytes, std::mt19937& random) {
  const auto below = [&](std::size_t most) { return random() % most; };
  const std::size_t rounds = 1 + below(3);
  for (std::size_t k = 0; k < rounds && !bytes.empty(); ++k) {
    // Half of the changes in the first bytes, where formats say what follows.
    const std::size_t place =
        below(2) ? below(bytes.size()) : below(std::min<std::size_t>(bytes.size(), 64));
    const std::size_t span = 1 + below(16);
    switch (below(8)) {
      case 0:
        bytes[place] = static_cast<char>(random());
        break;
      case 1:
        bytes[place] = static_cast<char>(bytes[place] ^ (1 << below(8)));
        break;
      case 2:
        bytes.resize(place);
        break;
      case 3:
        bytes.erase(place, span);
        break;
      case 4:
        bytes.insert(place, bytes.substr(below(bytes.size()), span));
        break;
      case 5: {
        constexpr std::array<std::uint64_t, 6> sizes{0,          0xFFFF,     0x7FFFFFFF,
                                                     0xFFFFFFFF, 1ULL << 40, ~0ULL};
        const std::string number = little(sizes[below(sizes.size())], 8);
        bytes.replace(place, 8, number.substr(0, std::size_t{1} << below(4)));
        break;
      }
      case 6: {
        constexpr std::array<const char*, 8> texts{"[",  "]",  "{", "99999999999",
                                                   "-1", "\"", ",", "(7,"};
        bytes.replace(place, 1, texts[below(texts.size())]);
        break;
      }
      default:
        bytes.replace(place, span, span, '\0');
    }
  }
  return bytes;
}

// While it lives, this process cannot get much more memory than it has.
class MemoryLimit {
 public:
  MemoryLimit() {
    getrlimit(RLIMIT_AS, &before_);
#ifndef SKELETA_WATCHED_MEMORY
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    rlimit limit = before_;
    limit.rlim_cur = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + (96U << 20);
    setrlimit(RLIMIT_AS, &limit);
#endif
  }
  ~MemoryLimit() {
    setrlimit(RLIMIT_AS, &before_);
  }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  rlimit before_{};
};

void damage_and_read(const std::string& good, int count, const DictionaryNames& names = {}) {
  const TemporaryFolder folder;
  std::mt19937 random(1);
  int refused = 0, read = 0;
  const MemoryLimit limit;
  for (int k = 0; k < count; ++k) {
    const auto bad = folder / "bad";
    put(bad, damaged(good, random));
    try {
      const DictionaryInput input = read_dictionary(bad, names);
      ++read;
      EXPECT_TRUE(input.decoder.allFinite());
      EXPECT_LE(input.decoder.size(), 1000);
      if (input.encoder) {
        EXPECT_EQ(input.encoder->cols(), input.decoder.cols());
      }
      if (input.b_enc) {
        EXPECT_EQ(input.b_enc->size(), input.decoder.cols());
      }
      if (input.threshold) {
        EXPECT_GE(input.threshold->minCoeff(), 0.0);
      }
    } catch (const FileError& error) {
      ++refused;
      EXPECT_EQ(error.sentence().find('\n'), std::string::npos) << error.what();
      EXPECT_LT(error.sentence().size(), 2000U) << error.what();
      EXPECT_EQ(error.sentence().find("does not fit"), std::string::npos) << error.what();
    }
    ASSERT_FALSE(::testing::Test::HasFailure()) << "file " << k;
  }
  EXPECT_GT(refused, count / 10);
  EXPECT_GT(read, count / 100);
}

TEST(DictionaryDamage, OfSafetensors) {
  damage_and_read(safetensors(small_dictionary("F32")), testing::scaled(10'000));
}

TEST(DictionaryDamage, OfNpy) {
  DictionaryNames names;
  names.decoder = "the array";
  damage_and_read(npy(small_dictionary("<f4").front()), testing::scaled(10'000), names);
}

TEST(DictionaryDamage, OfStoredNpz) {
  damage_and_read(npz(small_dictionary("<f4")), testing::scaled(10'000));
}

TEST(DictionaryDamage, OfDeflatedNpz) {
  damage_and_read(npz(small_dictionary("<f4"), {.deflate = true, .zip64 = true}),
                  testing::scaled(10'000));
}

// Each of them is read by children.
TEST(DictionaryDamage, OfHdf5) {
  const TemporaryFolder folder;
  run_python("make_dictionaries.py", folder.path().string());
  damage_and_read(contents(folder / "model.h5"), testing::scaled(300));
}

}  // namespace
}  // namespace skeleta::storage
