#include "skeleta/storage/output_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iterator>

#include "skeleta/storage/file_error.h"
#include "skeleta/storage/run_file.h"
#include "storage/example_runs.h"
#include "storage/workplace.h"

namespace skeleta::storage {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string refusal(const fs::path& target, bool overwrite = false) {
  return message_of<FileError>([&] { check_output(target, overwrite); });
}

auto count_files(const TemporaryFolder& folder) {
  return std::distance(fs::directory_iterator(folder.path()), {});
}

TEST(CheckOutput, AcceptsANewNameAndLeavesNothing) {
  const TemporaryFolder folder;
  EXPECT_NO_THROW(check_output(folder / "run.h5", false));
  EXPECT_NO_THROW(check_output("no_such_file.h5", false));
  EXPECT_EQ(count_files(folder), 0);
}

TEST(CheckOutput, RefusesAnExistingFileUnlessOverwriting) {
  const TemporaryFolder folder;
  put(folder / "run.h5", "old");
  EXPECT_THAT(refusal(folder / "run.h5"), HasSubstr("run.h5: already exists: name another file"));
  EXPECT_NO_THROW(check_output(folder / "run.h5", true));
  EXPECT_EQ(contents(folder / "run.h5"), "old");
  EXPECT_EQ(count_files(folder), 1);
}

TEST(CheckOutput, RefusesFoldersAndDevices) {
  const TemporaryFolder folder;
  EXPECT_THAT(refusal(folder.path(), true), HasSubstr("is a folder: name a file in it"));
  EXPECT_THAT(refusal(folder / "new/", true), HasSubstr("is a folder: name a file in it"));
  EXPECT_THAT(refusal("/dev/null", true), HasSubstr("is not a regular file"));
}

TEST(CheckOutput, RefusesFoldersThatCannotHoldTheFile) {
  const TemporaryFolder folder;
  put(folder / "file", "");
  EXPECT_THAT(refusal(folder / "missing/run.h5"), HasSubstr("missing does not exist: make it"));
  EXPECT_THAT(refusal(folder / "file/run.h5"), HasSubstr("file is not a folder"));
  EXPECT_THAT(refusal(folder / std::string(250, 'x')), HasSubstr("File name too long"));
  // Nobody, not even root, makes files here.
  EXPECT_THAT(refusal("/proc/run.h5"), HasSubstr("cannot be created in the folder /proc: "));
}

// The number of a process that is gone: a child that has ended.
pid_t gone() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return child;
}

TEST(CheckOutput, RemovesWhatAKilledRunLeft) {
  const TemporaryFolder folder;
  const std::string left = "run.h5.tmp-" + std::to_string(gone());
  const std::string kept[] = {"run.h5.tmp-" + std::to_string(::getppid()),  // is running
                              "run.h5.tmp-x", left + "-old", "other.h5" + left.substr(6)};
  for (const std::string& name : kept) put(folder / name, "bytes");
  put(folder / left, "bytes");
  put(folder / (left + "-3"), "bytes");
  put(folder / ("run.h5.tmp-" + std::to_string(::getpid())), "of a process with our number");
  check_output(folder / "run.h5", false);
  EXPECT_EQ(count_files(folder), 4);
  for (const std::string& name : kept) EXPECT_EQ(contents(folder / name), "bytes") << name;
}

// A process of another container or host has a number that means nothing here, but it holds a lock.
TEST(CheckOutput, LeavesWhatIsBeingWritten) {
  const TemporaryFolder folder;
  const auto written = folder / ("run.h5.tmp-" + std::to_string(gone()));
  put(written, "half");
  const int descriptor = ::open(written.c_str(), O_RDWR);
  ASSERT_EQ(::flock(descriptor, LOCK_EX), 0);
  check_output(folder / "run.h5", false);
  EXPECT_EQ(contents(written), "half");
  ::close(descriptor);
  check_output(folder / "run.h5", false);
  EXPECT_EQ(count_files(folder), 0);
}

TEST(WriteEstimate, NeverWritesIntoTheFileOfAnotherProcess) {
  const TemporaryFolder folder;
  const auto other = folder / ("run.h5.tmp-" + std::to_string(::getpid()));
  put(other, "of another container");
  const int descriptor = ::open(other.c_str(), O_RDWR);
  ASSERT_EQ(::flock(descriptor, LOCK_EX), 0);
  write_estimate(folder / "run.h5", {}, example_runs(), false);
  EXPECT_EQ(read_run(folder / "run.h5").estimates.size(), 2u);
  EXPECT_EQ(contents(other), "of another container");
  EXPECT_EQ(count_files(folder), 2);
  ::close(descriptor);
}

TEST(WriteEstimate, KeepsAnExistingFileUnlessOverwriting) {
  const TemporaryFolder folder;
  put(folder / "run.h5", "old");
  const auto write = [&](bool overwrite) {
    write_estimate(folder / "run.h5", {}, example_runs(), overwrite);
  };
  EXPECT_THAT(message_of<FileError>([&] { write(false); }), HasSubstr("already exists"));
  EXPECT_EQ(contents(folder / "run.h5"), "old");
  write(true);
  EXPECT_EQ(read_run(folder / "run.h5").estimates.size(), 2u);
  EXPECT_EQ(count_files(folder), 1);
}

// Writes in a child process whose files can't grow beyond the limit, as if the disk were full. Its
// exit code: 0 for the right FileError, 1 for none, 2 for another one.
int write_limited(const fs::path& target, rlim_t limit) {
  std::fflush(nullptr);  // the thread sanitizer's _exit would write again what is buffered
  const pid_t child = ::fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_DFL);
    const rlimit size{limit, limit};
    setrlimit(RLIMIT_FSIZE, &size);
    int code = 1;
    try {
      write_estimate(target, {}, example_runs(), true);
    } catch (const FileError& error) {
      code =
          std::string(error.what()).find("cannot be written: File too large") == std::string::npos
              ? 2
              : 0;
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

TEST(WriteEstimate, LeavesThePreviousFileIfTheDiskIsFull) {
  const TemporaryFolder folder;
  write_estimate(folder / "run.h5", {}, {example_runs()[0]}, false);
  const std::string before = contents(folder / "run.h5");
  for (const rlim_t limit : {0u, 1u, 1000u, 10000u}) {
    SCOPED_TRACE(limit);
    EXPECT_EQ(write_limited(folder / "run.h5", limit), 0);
    EXPECT_EQ(write_limited(folder / "new.h5", limit), 0);
    EXPECT_EQ(contents(folder / "run.h5"), before);
    EXPECT_EQ(count_files(folder), 1);
  }
  EXPECT_EQ(write_limited(folder / "new.h5", 1u << 20), 1);
}

}  // namespace
}  // namespace skeleta::storage
