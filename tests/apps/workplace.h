#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "program.h"
#include "skeleta/core/cancellation.h"

namespace skeleta::program {

struct Outcome {
  int code;
  std::string out, err;
};

inline Outcome run_program(const std::vector<std::string>& arguments) {
  std::ostringstream out, err;
  const int code = run(arguments, out, err);
  return {code, out.str(), err.str()};
}

/// How often the program asks whether it is called off: what stands for time in these tests.
inline std::uint64_t polls_of(const std::vector<std::string>& arguments) {
  std::atomic<std::uint64_t> polls = 0;
  const CancelScope scope([&] {
    ++polls;
    return false;
  });
  EXPECT_EQ(run_program(arguments).code, done);
  return polls;
}

/// Called off at that poll, as Ctrl-C does it.
inline Outcome run_called_off(const std::vector<std::string>& arguments, std::uint64_t at) {
  std::atomic<std::uint64_t> polls = 0;
  const CancelScope scope([&] { return ++polls >= at; });
  return run_program(arguments);
}

/// Tests that need a folder, removed at their end.
class Workplace : public ::testing::Test {
 protected:
  Workplace() {
    std::string pattern = ::testing::TempDir() + "skeleta-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Workplace() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  bool exists(const std::string& name) const { return std::filesystem::exists(path(name)); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }
  std::string contents(const std::string& name) const {
    std::ifstream stream(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  /// Every dataset of both files is the same, bit by bit.
  void expect_same_datasets(const std::string& a, const std::string& b) const {
    const std::string script = write("compare.py", R"(import sys, h5py
def datasets(path):
    found = {}
    with h5py.File(path) as f:
        def visit(name, item):
            if isinstance(item, h5py.Dataset):
                found[name] = (item.dtype, item.shape, item[...].tobytes())
        f.visititems(visit)
    return found
a, b = map(datasets, sys.argv[1:])
assert a and set(a) == set(b), set(a) ^ set(b)
sys.exit([name for name in a if a[name] != b[name]] or 0)
)");
    EXPECT_EQ(std::system(("/usr/bin/python3 " + script + " " + path(a) + " " + path(b)).c_str()),
              0);
  }

  /// Runs the program in a child, which dies at that poll, or ends by itself.
  static void run_and_kill(const std::vector<std::string>& arguments, std::uint64_t at) {
    const pid_t child = ::fork();
    if (child == 0) {
      std::atomic<std::uint64_t> polls = 0;
      const CancelScope scope([&] {
        if (++polls == at) ::kill(::getpid(), SIGKILL);
        return false;
      });
      ::_exit(run_program(arguments).code);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << status;
  }

  /// Likewise, when a second file appears beside `name`: while it is written.
  void run_and_kill_while_writing(const std::vector<std::string>& arguments,
                                  const std::string& name) const {
    const pid_t child = ::fork();
    if (child == 0) {
      std::thread([&] {
        while (true) {
          for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
            const std::string other = entry.path().filename();
            if (other.size() > name.size() && other.starts_with(name)) ::kill(::getpid(), SIGKILL);
          }
        }
      }).detach();
      ::_exit(run_program(arguments).code);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << status;
  }

  /// Waits until the file is there, for as long as it takes; false if `child` ended before.
  bool wait_for(const std::string& name, pid_t child) const {
    while (!exists(name)) {
      siginfo_t ended{};
      ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT);
      if (ended.si_pid == child) return exists(name);
      ::usleep(1000);
    }
    return true;
  }

  std::string folder_;
};

/// One sentence on stderr, the code, and nothing on stdout.
inline void expect_refused(const std::vector<std::string>& arguments, const std::string& message,
                           int code = usage) {
  const Outcome outcome = run_program(arguments);
  EXPECT_EQ(outcome.code, code) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, ::testing::HasSubstr(message));
  EXPECT_THAT(outcome.err, ::testing::StartsWith("skeleta: "));
  EXPECT_LE(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 6) << outcome.err;
}

}  // namespace skeleta::program
