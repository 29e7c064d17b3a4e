#include "skeleta/core/parallel.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>

namespace skeleta {
namespace {

TEST(Parallel, RefusesAbsurdNumbersOfThreads) {
  EXPECT_THROW(resolve_threads(-1), std::invalid_argument);
  EXPECT_THROW(resolve_threads(4097), std::invalid_argument);
  EXPECT_EQ(resolve_threads(3), 3);
  EXPECT_GE(resolve_threads(0), 1);
}

TEST(Parallel, OneThreadIsAlwaysPossible) {
  EXPECT_EQ(possible_threads(1), 1);
  const int some = possible_threads(4);
  EXPECT_GE(some, 1);
  EXPECT_LE(some, 4);
}

// As `ulimit -u`, which root is exempt from.
TEST(Parallel, TakesFewerThreadsWhereMoreCannotBeStarted) {
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t nobody = 65534;
    if (::getuid() == 0 && (::setgid(nobody) != 0 || ::setuid(nobody) != 0)) ::_exit(77);
    const rlimit none{1, 1};
    ::setrlimit(RLIMIT_NPROC, &none);
    const int threads = possible_threads(64);
    std::atomic<std::size_t> sum = 0;
    parallel_for(1000, 64, [&](std::size_t i) { sum += i; });
    ::_exit(threads < 64 && sum == 499'500 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "may not become another user";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace skeleta
