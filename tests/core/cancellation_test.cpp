#include "skeleta/core/cancellation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <vector>

#include "core/rounds.h"
#include "skeleta/core/parallel.h"

namespace skeleta {
namespace {

TEST(Cancellation, WithoutAScopeNothingIsCalledOff) {
  EXPECT_EQ(CancelScope::current(), nullptr);
  EXPECT_NO_THROW(poll());
}

TEST(Cancellation, ScopesNestAndEnd) {
  bool outer_stop = false, inner_stop = false;
  {
    const CancelScope outer([&] { return outer_stop; });
    {
      const CancelScope inner([&] { return inner_stop; });
      EXPECT_NO_THROW(poll());
      outer_stop = true;
      EXPECT_THROW(poll(), Interrupted);
      outer_stop = false;
      inner_stop = true;
      EXPECT_THROW(poll(), Interrupted);
      const BorrowedScope none(nullptr);
      EXPECT_NO_THROW(poll());
    }
    EXPECT_NO_THROW(poll());
    EXPECT_EQ(CancelScope::current(), &outer);
  }
  EXPECT_EQ(CancelScope::current(), nullptr);
}

// On every thread, also of loops within loops.
TEST(Cancellation, ParallelLoopsEndBetweenTwoCalls) {
  for (const int threads : {1, 4}) {
    std::atomic<int> polls = 0, calls = 0;
    {
      const CancelScope scope([&] { return ++polls > 50; });
      EXPECT_THROW(parallel_for(1'000'000, threads, [&](std::size_t) { ++calls; }), Interrupted);
      EXPECT_LE(calls, 50);
      polls = calls = 0;
      const auto inner = [&](std::size_t) {
        parallel_for(1000, threads, [&](std::size_t) { ++calls; });
      };
      EXPECT_THROW(parallel_for(1000, threads, inner), Interrupted);
      EXPECT_LE(calls, 50);
    }
    calls = 0;
    parallel_for(1000, threads, [&](std::size_t) { ++calls; });
    EXPECT_EQ(calls, 1000);
  }
}

TEST(Cancellation, EveryThreadKnowsTheScope) {
  const CancelScope scope([] { return false; });
  std::atomic<int> strangers = 0;
  parallel_for(20'000, 4, [&](std::size_t i) {
    std::vector<double> work(1000, static_cast<double>(i));
    strangers += CancelScope::current() != &scope || work.back() != static_cast<double>(i);
  });
  EXPECT_EQ(strangers, 0);
  EXPECT_EQ(CancelScope::current(), &scope);
}

// What was merged is the beginning.
TEST(Cancellation, ChunksAreMergedInOrderUntilThen) {
  for (const int threads : {1, 4}) {
    std::vector<double> merged;
    std::atomic<int> polls = 0;
    const CancelScope scope([&] { return ++polls > 100; });
    const auto compute = [](std::size_t i, std::span<double> result) {
      result[0] = static_cast<double>(i);
    };
    const auto merge = [&](std::size_t, std::span<const double> result) {
      merged.push_back(result[0]);
      return true;
    };
    EXPECT_THROW(for_each_chunk(1'000'000, 1, threads, compute, merge), Interrupted);
    std::vector<double> expected(merged.size());
    std::iota(expected.begin(), expected.end(), 0.0);
    EXPECT_EQ(merged, expected);
    EXPECT_LE(merged.size(), 100u);
  }
}

// Item 5 is called off in the midst of a round: what was finished before it is merged.
TEST(Cancellation, RoundsMergeWhatWasFinished) {
  for (const int threads : {1, 4}) {
    std::vector<std::size_t> merged;
    const auto compute = [](std::size_t i) {
      if (i == 5) throw Interrupted();
    };
    const auto merge = [&](std::size_t i) {
      merged.push_back(i);
      return true;
    };
    EXPECT_THROW(for_each_in_rounds(1000, threads, compute, merge), Interrupted);
    if (threads == 1) {
      EXPECT_THAT(merged, ::testing::ElementsAre(0u, 1u, 2u, 3u, 4u));
    } else {  // the others of the round may not have begun
      EXPECT_LE(merged.size(), 5u);
    }
  }
}

}  // namespace
}  // namespace skeleta
