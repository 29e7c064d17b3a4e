#include "skeleta/core/parallel.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/products.h"
#include "core/rounds.h"

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

constexpr int may_not = 77;

[[noreturn]] void loop_without_more_threads() {
  constexpr uid_t nobody = 65534;
  if (::getuid() == 0 && (::setgid(nobody) != 0 || ::setuid(nobody) != 0)) ::_exit(may_not);
  const rlimit none{1, 1};
  ::setrlimit(RLIMIT_NPROC, &none);
  const int threads = possible_threads(64);
  std::atomic<std::size_t> sum = 0;
  parallel_for(1000, 64, [&](std::size_t i) { sum += i; });
  ::_exit(threads < 64 && sum == 499'500 ? 0 : 1);
}

void loop_on_threads() {
  std::atomic<std::size_t> sum = 0;
  parallel_for(100, 4, [&](std::size_t i) { sum += i; });
}

// Where a fork takes place while another thread holds a lock of TBB's.
[[noreturn]] void fork_at_work() {
  std::fflush(stdout);  // or each fork would write what gtest has not written yet
  const ThreadBudget budget(4);
  constexpr int forks = 2000, status = 7;
  for (int k = 0; k < forks; ++k) {
    loop_on_threads();
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(20);
      std::exit(status);
    }
    int found = 0;
    if (::waitpid(child, &found, 0) != child || !WIFEXITED(found) || WEXITSTATUS(found) != status) {
      ::_exit(1);
    }
  }
  ::_exit(0);
}

TEST(Parallel, AForkOfAProcessAtWorkEndsByItsExit) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(fork_at_work(), testing::ExitedWithCode(0), "");
}

void compute() {
  loop_on_threads();
  product(Matrix::Ones(40, 40), Matrix::Ones(40, 40));
}

// Processes that have computed nothing yet, each forked again while another thread of it computes
// for the first time, at moments up to a millisecond after that began.
[[noreturn]] void fork_at_first_work() {
  std::fflush(stdout);
  for (int k = 0; k < 300; ++k) {
    const pid_t fresh = ::fork();
    if (fresh == 0) {
      std::atomic<bool> began{false};
      std::thread worker([&] {
        began = true;
        compute();
      });
      while (!began) std::this_thread::yield();
      const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(3 * k);
      while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
      const pid_t child = ::fork();
      if (child == 0) {
        ::alarm(20);
        compute();
        std::exit(0);
      }
      int status = 0;
      ::waitpid(child, &status, 0);
      worker.join();
      ::_exit(status == 0 ? 0 : 1);
    }
    int status = 0;
    ::waitpid(fresh, &status, 0);
    if (status != 0) {
      std::fprintf(stderr, "fork %d\n", k);
      ::_exit(1);
    }
  }
  ::_exit(0);
}

TEST(Parallel, AForkBesideTheFirstLoopComputesAndEnds) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(fork_at_first_work(), testing::ExitedWithCode(0), "");
}

// As `ulimit -u`, which root is exempt from; in a process that has had no threads yet, as other
// tests give this one.
TEST(Parallel, TakesFewerThreadsWhereMoreCannotBeStarted) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto done = [](int status) {
    return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == may_not);
  };
  EXPECT_EXIT(loop_without_more_threads(), done, "");
}

// Calls wait here for each other: all return true if `wanted` are there at once. The minute passes
// only where there are too few.
class Meeting {
 public:
  explicit Meeting(int wanted) : wanted_(wanted) {}
  bool meet() {
    std::unique_lock lock(mutex_);
    if (++here_ >= wanted_) all_came_ = true;
    come_.notify_all();
    come_.wait_for(lock, std::chrono::minutes(1), [&] { return all_came_; });
    --here_;
    return all_came_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable come_;
  const int wanted_;
  int here_ = 0;
  bool all_came_ = false;
};

constexpr int thread_counts[] = {1, 2, 3, 4, 5, 6, 7, 8};

// More than this machine may have processors.
TEST(Parallel, HasAsManyThreadsAsTheBudget) {
  for (const int threads : thread_counts) {
    const ThreadBudget budget(threads);
    EXPECT_EQ(resolve_threads(0), threads);
    EXPECT_EQ(resolve_threads(100), threads);
    Meeting meeting(threads);
    std::atomic<int> met = 0;
    parallel_for(static_cast<std::size_t>(threads), 0, [&](std::size_t) { met += meeting.meet(); });
    EXPECT_EQ(met, threads);
  }
}

TEST(Parallel, ABudgetWithinAnotherGivesNoMore) {
  const ThreadBudget outer(3);
  {
    const ThreadBudget inner(2);
    EXPECT_EQ(resolve_threads(0), 2);
  }
  {
    const ThreadBudget inner(8);
    EXPECT_EQ(resolve_threads(0), 3);
  }
  EXPECT_EQ(resolve_threads(0), 3);
}

// Two items with four threads, or three with eight: what is in them has the others, all at once.
TEST(Parallel, LoopsWithinLoopsUseTheOtherThreads) {
  for (const auto& [threads, items] : {std::pair{4, 2}, {8, 2}, {6, 3}, {8, 4}, {2, 1}, {5, 1}}) {
    const ThreadBudget budget(threads);
    Meeting all_begun(items), meeting(threads);
    std::atomic<int> met = 0;
    parallel_for(static_cast<std::size_t>(items), 0, [&, share = threads / items](std::size_t) {
      all_begun.meet();
      EXPECT_EQ(resolve_threads(0), share);
      EXPECT_EQ(resolve_threads(1), 1);
      EXPECT_EQ(resolve_threads(100), share);
      const auto inner = [&](std::size_t) { met += meeting.meet(); };
      parallel_for(static_cast<std::size_t>(share), 0, inner);
    });
    EXPECT_EQ(met, threads) << threads << " threads, " << items << " items";
  }
}

// Also to a loop two levels below that began when all were busy.
TEST(Parallel, AnItemIsGivenTheThreadsOfThoseThatEnded) {
  const ThreadBudget budget(4);
  Meeting both_begun(2), both_asked(2);
  std::atomic<bool> one_ended = false;
  parallel_for(2, 0, [&](std::size_t i) {
    both_begun.meet();
    EXPECT_EQ(resolve_threads(0), 2);
    both_asked.meet();
    if (i == 1) return;
    parallel_for(1, 0, [&](std::size_t) {
      while (resolve_threads(0) != 4) std::this_thread::yield();
      Meeting meeting(4);
      parallel_for(4, 0, [&](std::size_t) { one_ended = meeting.meet(); });
    });
  });
  EXPECT_TRUE(one_ended);
}

TEST(Parallel, ALoopOnOneThreadHandsDownOne) {
  const ThreadBudget budget(4);
  parallel_for(3, 1, [&](std::size_t) { EXPECT_EQ(resolve_threads(0), 1); });
  parallel_for(1, 0, [&](std::size_t) { EXPECT_EQ(resolve_threads(0), 4); });
  EXPECT_EQ(resolve_threads(0), 4);
}

TEST(Parallel, CallsEachItemOnceAndBeginsThemInOrder) {
  for (const int threads : thread_counts) {
    const ThreadBudget budget(threads);
    std::mutex mutex;
    std::vector<std::size_t> begun;
    std::vector<int> begun_on(8, -1);
    std::atomic<bool> in_order = true;
    parallel_for(1000, 0, [&](std::size_t i, std::size_t worker) {
      in_order = in_order && begun_on.at(worker) < static_cast<int>(i);
      begun_on[worker] = static_cast<int>(i);
      const std::scoped_lock lock(mutex);
      begun.push_back(i);
    });
    EXPECT_TRUE(in_order);
    std::sort(begun.begin(), begun.end());
    std::vector<std::size_t> all(1000);
    std::iota(all.begin(), all.end(), 0u);
    EXPECT_EQ(begun, all);
    for (int worker = threads; worker < 8; ++worker) EXPECT_EQ(begun_on[worker], -1);
  }
}

TEST(Parallel, CallsAtTheSameTimeHaveDifferentWorkers) {
  const ThreadBudget budget(8);
  std::vector<std::atomic<int>> busy(8);
  std::atomic<int> clashes = 0;
  parallel_for(2000, 0, [&](std::size_t, std::size_t worker) {
    clashes += ++busy[worker] != 1;
    parallel_for(3, 0, [](std::size_t) {});  // whoever waits for it must not begin another item
    --busy[worker];
  });
  EXPECT_EQ(clashes, 0);
}

// Nested sums of any shape: what is merged has the same bits.
TEST(Parallel, ChunksHaveTheSameBitsForAnyNumberOfThreads) {
  const auto sum = [](int threads) {
    const ThreadBudget budget(threads);
    double total = 0.0;
    const auto outer = [](std::size_t i, std::span<double> result) {
      const auto inner = [&](std::size_t k, std::span<double> part) {
        part[0] = 1.0 / (1.0 + static_cast<double>(i * 97 + k));
      };
      const auto merge = [&](std::size_t, std::span<const double> part) {
        return result[0] += part[0], true;
      };
      result[0] = 0.0;
      for_each_chunk(97, 1, 0, inner, merge);
    };
    const auto merge = [&](std::size_t, std::span<const double> result) {
      return total += result[0], true;
    };
    for_each_chunk(60, 1, 0, outer, merge);
    return total;
  };
  const double one = sum(1);
  for (const int threads : thread_counts) EXPECT_EQ(sum(threads), one) << threads;
}

TEST(Parallel, MergesInOrderAndStopsWhenTold) {
  for (const int threads : thread_counts) {
    const ThreadBudget budget(threads);
    std::vector<std::size_t> merged;
    const auto merge = [&](std::size_t i) { return merged.push_back(i), i < 41; };
    std::vector<std::size_t> expected(42);
    std::iota(expected.begin(), expected.end(), 0u);
    for_each_in_rounds(
        1000, 0, [](std::size_t) {}, merge);
    EXPECT_EQ(merged, expected);
    merged.clear();
    for_each_chunk(
        1000, 1, 0, [](std::size_t, std::span<double>) {},
        [&](std::size_t i, std::span<const double>) { return merge(i); });
    EXPECT_EQ(merged, expected);
  }
}

std::string first_failure(int threads, bool nested) {
  const ThreadBudget budget(threads);
  const auto fail = [](std::size_t i) {
    if (i >= 200 && i % 3 == 0) throw std::runtime_error("item " + std::to_string(i));
  };
  try {
    if (nested) {
      parallel_for(3, 0, [&](std::size_t) { parallel_for(1000, 0, fail); });
    } else {
      parallel_for(1000, 0, fail);
    }
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "none";
}

// The first of a serial loop, whichever came first by the clock.
TEST(Parallel, TheExceptionOfTheFirstItemReachesTheCaller) {
  for (const int threads : thread_counts) {
    for (int repeat = 0; repeat < 20; ++repeat) {
      EXPECT_EQ(first_failure(threads, false), "item 201") << threads;
      EXPECT_EQ(first_failure(threads, true), "item 201") << threads;
    }
  }
}

TEST(Parallel, RunningCallsEndBeforeAnExceptionReachesTheCaller) {
  const ThreadBudget budget(4);
  std::atomic<int> running = 0, begun = 0;
  const auto body = [&](std::size_t i) {
    ++running, ++begun;
    if (i != 0) std::this_thread::yield();
    --running;
    if (i == 0) throw std::runtime_error("first");
  };
  for (int repeat = 0; repeat < 100; ++repeat) {
    begun = 0;
    EXPECT_THROW(parallel_for(1'000'000, 0, body), std::runtime_error);
    EXPECT_EQ(running, 0);
    EXPECT_LT(begun, 1'000'000);
  }
  int calls = 0;
  parallel_for(5, 1, [&](std::size_t) { ++calls; });  // what failed leaves nothing behind
  EXPECT_EQ(calls, 5);
  EXPECT_EQ(resolve_threads(0), 4);
}

}  // namespace
}  // namespace skeleta
