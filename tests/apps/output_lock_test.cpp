// Two processes that are to write one file.
#include "output_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include "errors.h"
#include "skeleta/storage/run_file.h"
#include "workplace.h"

namespace {
bool file_system_has_locks = true;
}

// As on a file system without locks, where the test says so.
extern "C" int flock(int descriptor, int operation) noexcept {
  if (file_system_has_locks) return static_cast<int>(::syscall(SYS_flock, descriptor, operation));
  errno = ENOLCK;
  return -1;
}

namespace skeleta::program {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string eighty = SKELETA_SOURCE_DIR "/data/trained/n80_m20_S0.98.h5";

class Lock : public Workplace {
 protected:
  // A command that would take years, at work on the file until it is killed.
  pid_t start_endless(const std::string& file) const {
    const pid_t child = ::fork();
    if (child == 0) {
      ::_exit(run_program({"estimate", eighty, "--method", "plain", "--samples", "1e15",
                           "--threads", "1", "--checkpoint-seconds", "0", "-o", path(file)})
                  .code);
    }
    EXPECT_TRUE(wait_for(file, child));
    return child;
  }

  static void end(pid_t child, int signal) {
    ::kill(child, signal);
    ::waitpid(child, nullptr, 0);
  }

  std::vector<std::string> command(const std::string& file) const {
    return {"thomson", "solve",    "--points", "4",  "--dimension",
            "3",       "--starts", "2",        "-o", path(file)};
  }
};

TEST_F(Lock, ASecondProcessIsRefusedAndToldWhoWrites) {
  const pid_t child = start_endless("run.h5");
  const std::string who = "process " + std::to_string(child) + " on ";
  std::vector<std::string> again = command("run.h5");
  expect_refused(again, "run.h5 is being written by " + who);
  again.push_back("--force");
  expect_refused(again, "run.h5 is being written by " + who);
  std::filesystem::create_symlink(path("run.h5"), path("link.h5"));
  expect_refused(command("link.h5"), "run.h5 is being written by " + who);
  EXPECT_EQ(run_program(command("other.h5")).code, done);  // another file is free
  EXPECT_THAT(writer_of(path("run.h5")).value_or(""), ::testing::StartsWith(who));
  EXPECT_FALSE(writer_of(path("other.h5")));
  end(child, SIGTERM);
  EXPECT_FALSE(exists(".run.h5.lock"));
  EXPECT_EQ(storage::read_run(path("run.h5")).estimates.size(), 1u);
  const Outcome forced = run_program(again);
  EXPECT_EQ(forced.code, done);
  EXPECT_THAT(forced.err, Not(HasSubstr("taken over")));
}

TEST_F(Lock, TheLockOfAKilledProcessIsTakenOver) {
  const pid_t child = start_endless("run.h5");
  end(child, SIGKILL);
  EXPECT_TRUE(exists(".run.h5.lock"));
  EXPECT_FALSE(writer_of(path("run.h5")));
  std::vector<std::string> next = command("run.h5");
  next.push_back("--force");
  const Outcome outcome = run_program(next);
  EXPECT_EQ(outcome.code, done);
  EXPECT_THAT(outcome.err, HasSubstr("note: process " + std::to_string(child) + " on "));
  EXPECT_THAT(outcome.err, HasSubstr("ended without a word"));
  EXPECT_FALSE(exists(".run.h5.lock"));
}

// Of many at once, one at a time has it: who has it leaves its mark, and takes it away.
TEST_F(Lock, ManyProcessesNeverShareIt) {
  constexpr int processes = 8, rounds = 50;
  std::vector<pid_t> children;
  for (int k = 0; k < processes; ++k) {
    const pid_t child = ::fork();
    if (child == 0) {
      int code = 0;
      for (int n = 0; n < rounds;) {
        try {
          const OutputLock lock(path("run.h5"), nullptr);
          const int mark = ::open(path("mark").c_str(), O_CREAT | O_EXCL | O_WRONLY, 0600);
          if (mark < 0) code = 1;
          ::close(mark);
          ::unlink(path("mark").c_str());
          ++n;
        } catch (const UsageError&) {  // again
        }
      }
      ::_exit(code);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_FALSE(exists(".run.h5.lock"));
}

TEST_F(Lock, WithoutLocksTheRunGoesOnWithANote) {
  file_system_has_locks = false;
  const Outcome outcome = run_program(command("run.h5"));
  std::vector<std::string> quiet = command("quiet.h5");
  quiet.push_back("--quiet");
  const Outcome silent = run_program(quiet);
  file_system_has_locks = true;
  EXPECT_EQ(outcome.code, done);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("run.h5 cannot be locked ("),
                                 HasSubstr("nothing keeps a second process from writing it")));
  EXPECT_EQ(silent.err, "");
  EXPECT_FALSE(exists(".run.h5.lock"));
}

// A lock neither empties nor removes what is not its own.
TEST_F(Lock, OtherFilesAreLeftAlone) {
  write(".run.h5.lock", "notes of mine");
  expect_refused(command("run.h5"), ".run.h5.lock is in the way");
  EXPECT_EQ(contents(".run.h5.lock"), "notes of mine");
  EXPECT_FALSE(writer_of(path("run.h5")));
  std::filesystem::remove(path(".run.h5.lock"));
  write("precious", "notes of mine");
  std::filesystem::create_symlink(path("precious"), path(".run.h5.lock"));
  EXPECT_EQ(run_program(command("run.h5")).code, done);
  EXPECT_EQ(contents("precious"), "notes of mine");
}

// What is refused afterwards leaves no lock, and no file.
TEST_F(Lock, ARefusalLeavesNothing) {
  const std::string other = write("other.h5", "not HDF5");
  expect_refused(command("other.h5"), "other.h5");
  EXPECT_FALSE(exists(".other.h5.lock"));
}

TEST(LockNames, AreThoseOfTheFileAndBack) {
  EXPECT_EQ(target_of_lock(".run.h5.lock"), "run.h5");
  for (const std::string other : {"run.h5.lock", ".lock", "..lock", ".run.h5", ""}) {
    EXPECT_EQ(target_of_lock(other), "") << other;
  }
}

}  // namespace
}  // namespace skeleta::program
