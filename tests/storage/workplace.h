#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>

namespace skeleta::storage {

/// An empty folder for one test, removed at its end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "skeleta-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string contents(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A new file, since ext4 writes at once to the disk what takes the place of another's bytes.
inline void put(const std::filesystem::path& file, const std::string& bytes) {
  std::filesystem::remove(file);
  std::ofstream(file, std::ios::binary) << bytes;
}

/// Runs a shell command; a test that needs a tool fails, with its output, if the tool is missing.
inline std::string run_command(const std::string& command) {
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::string output;
  for (int c; (c = std::fgetc(pipe)) != EOF;) output += static_cast<char>(c);
  const int status = ::pclose(pipe);
  EXPECT_EQ(status, 0) << command << "\n" << output;
  return output;
}

/// Runs a script of this folder with Debian's Python, which has h5py, xarray and netCDF4.
inline std::string run_python(const std::string& script, const std::string& arguments) {
  return run_command("/usr/bin/python3 " SKELETA_SOURCE_DIR "/tests/storage/" + script + " " +
                     arguments);
}

/// Calls expect(copy, sentence) for a copy of the file that each statement of alter_run.py changed;
/// one run of Python makes all of them.
template <std::size_t Count, class Expect>
void with_altered(const std::filesystem::path& file,
                  const std::pair<const char*, const char*> (&cases)[Count], Expect expect) {
  const auto copy = [&](std::size_t k) { return file.string() + "." + std::to_string(k); };
  std::string arguments = file.string();
  for (std::size_t k = 0; k < Count; ++k) {
    arguments += " " + copy(k) + " '" + cases[k].first + "'";
  }
  run_python("alter_run.py", arguments);
  for (std::size_t k = 0; k < Count; ++k) {
    SCOPED_TRACE(cases[k].first);
    expect(std::filesystem::path(copy(k)), std::string(cases[k].second));
  }
}

/// what() of the exception of this type that the call throws; "" and a failure if it does not.
template <class Exception, class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const Exception& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

}  // namespace skeleta::storage
