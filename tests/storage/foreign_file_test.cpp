// Model files of other tools: what they mean is read, or the reason is named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <thread>

#include "../../lib/storage/child.h"
#include "skeleta/storage/file_error.h"
#include "skeleta/storage/model_file.h"
#include "storage/workplace.h"

namespace skeleta::storage {
namespace {

using testing::HasSubstr;

const std::filesystem::path cases = SKELETA_SOURCE_DIR "/data/fixtures/cases";

Matrix example_weights() {
  return Matrix{{0.5, -1.0, 2.0}, {3.0, 4.0, -5.5}};
}

TEST(ForeignFile, IsReadAsItIsMeant) {
  const TemporaryFolder folder;
  run_python("make_foreign.py", folder.path().string());
  for (const char* name : {"soft", "scaled", "nan_fill"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(read_models(folder / (std::string(name) + ".h5")).models[0].W, example_weights());
  }
}

TEST(ForeignFile, IsUnpacked) {
  const ModelFile packed = read_models(cases / "packed.h5");
  ASSERT_EQ(packed.models.size(), 1u);
  EXPECT_EQ(packed.models[0].W(0, 0), 2.0 * 0.6122757364155548);  // as h5py shows it
  EXPECT_EQ(packed.models[0].W(1, 4), 2.0 * 0.9968998549934648);
}

TEST(ForeignFile, SaysWhatIsNotThere) {
  const std::pair<const char*, const char*> sentences[] = {
      {"filled", "/W[0, 0] is 9.969209968386869e+36, its _FillValue, which stands for a number"},
      {"lzf", "/W is stored through the filter 32000 (lzf), which this HDF5 library does not have"},
      {"dangling", "/W is a link to /nope, which is not there"},
      {"moved", "/W is a virtual dataset, put together from 3 parts such as 'run0.h5'"},
      {"partly", "/W was written in part, 1 of 2 chunks"},
      {"unwritten", "/W was never written"},
  };
  for (const auto& [name, sentence] : sentences) {
    const auto file = cases / (std::string(name) + ".h5");
    EXPECT_THAT(message_of<FileError>([&] { read_models(file); }),
                testing::StartsWith(file.string() + ": " + sentence));
  }
}

TEST(ForeignFile, NeverLooksOutsideAndNamesEveryTrick) {
  const std::pair<const char*, const char*> sentences[] = {
      {"external", "/W is a link to /W in another file, 'other.h5'"},
      {"external_pipe", "/W is a link to /W in another file, 'pipe.h5'"},
      {"external_group", "/model is a link to / in another file, 'pipe.h5'"},
      {"circle", "is a link that leads to more than 16 others"},
      {"raw", "/W keeps its numbers outside, in 'raw.bin'"},
      {"unsigned", "/W holds unsigned numbers in a signed type (attribute _Unsigned)"},
      {"scale_text", "the attribute scale_factor of /W is no number"},
      {"scale_nan", "the attribute scale_factor of /W is nan"},
      {"valid", "/W[1, 2] is stored as -5.5, outside of its valid range from -5 to 5"},
      {"missing_value", "/W[1, 1] is 4, its missing_value"},
      {"netcdf_fill", "/W[0, 2] is 9.969209968386869e+36, netCDF's fill value"},
      {"netcdf_integers", "/W[0, 1] is -32767, netCDF's fill value"},
      {"two", "has both /W and /model/W: take away the one that is not meant"},
      {"many", "(it holds: b, g00000, g00001,"},
      {"many", "g00018 and 9981 more)"},
  };
  const TemporaryFolder folder;
  run_python("make_foreign.py", folder.path().string());
  for (const auto& [name, sentence] : sentences) {
    SCOPED_TRACE(name);
    const auto file = folder / (std::string(name) + ".h5");
    const std::string message = message_of<FileError>([&] { read_models(file); });
    EXPECT_THAT(message, HasSubstr(sentence));
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }
}

// HDF5 can crash or hang on a damaged file.
TEST(InChild, OutlivesWhatKillsTheChild) {
  const auto message = [](auto work) {
    return message_of<FileError>(
        [&] { in_child("some.h5", 1000, [&]() -> std::vector<char> { return work(); }); });
  };
  EXPECT_EQ(message([]() -> std::vector<char> {
              ::raise(SIGSEGV);
              return {};
            }),
            "some.h5: is damaged: the HDF5 library crashes on it (Segmentation fault)");
  EXPECT_THAT(message([]() -> std::vector<char> {
                ::raise(SIGXCPU);  // what the kernel sends at the limit
                return {};
              }),
              HasSubstr("cannot be read within 1 s of processor and 60 s of time"));
  EXPECT_EQ(message([]() -> std::vector<char> { throw FileError("copy", "is bad"); }),
            "some.h5: is bad");
  const auto hungry = [] {
    in_child("some.h5", 1000, []() -> std::vector<char> { throw std::bad_alloc(); });
  };
  EXPECT_THROW(hungry(), std::bad_alloc);
}

TEST(InChild, GivesTheBytesBack) {
  const std::vector<char> bytes = in_child("some.h5", 0, [] {
    std::vector<char> result(300'000);  // more than a pipe holds
    for (std::size_t k = 0; k < result.size(); ++k) result[k] = static_cast<char>(k % 251);
    return result;
  });
  ASSERT_EQ(bytes.size(), 300'000u);
  EXPECT_EQ(bytes[299'999], static_cast<char>(299'999 % 251));
}

// A fork takes one thread along: what the others hold must not matter.
TEST(InChild, WorksWhileOtherThreadsReadAndAllocate) {
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int k = 0; k < 25; ++k) {
        std::vector<std::string> noise(200, std::string(100, 'x'));
        good += read_models(SKELETA_SOURCE_DIR "/data/trained/n5_m2_S0.95.h5").models.size() == 8 &&
                noise.size() == 200;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 100);
}

}  // namespace
}  // namespace skeleta::storage
