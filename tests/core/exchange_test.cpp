#include "skeleta/core/exchange.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <functional>
#include <mutex>
#include <new>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/rounds.h"
#include "core/shared_loop.h"
#include "ranks.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/core/clock.h"
#include "skeleta/core/parallel.h"

namespace skeleta {
namespace {

using testing::ThreadRanks;
constexpr std::array sizes{1, 2, 3, 5, 8};

TEST(Parcel, UnpacksWhatWasPacked) {
  std::vector<double> numbers{1.0, -0.0, NAN};
  std::string text = "a word";
  Matrix matrix = Matrix::Random(3, 2), empty(0, 4);
  std::uint64_t count = 7;
  Parcel packed;
  packed(numbers, text, matrix, empty, count);
  Parcel parcel(packed.bytes());
  std::vector<double> numbers_then{5.0};
  std::string text_then;
  Matrix matrix_then, empty_then;
  std::uint64_t count_then = 0;
  parcel(numbers_then, text_then, matrix_then, empty_then, count_then);
  ASSERT_EQ(numbers_then.size(), 3u);
  EXPECT_TRUE(std::signbit(numbers_then[1]) && std::isnan(numbers_then[2]));
  EXPECT_EQ(text_then, text);
  EXPECT_EQ(matrix_then, matrix);
  EXPECT_EQ(empty_then.cols(), 4);
  EXPECT_EQ(count_then, 7u);
  EXPECT_THROW(parcel(count_then), std::logic_error);
}

// A sum whose bits depend on its order, of chunks that take different times.
double sum_of_chunks(std::size_t count, std::atomic<std::size_t>& computed) {
  double sum = 0.0;
  std::size_t next = 0;
  for_each_chunk(
      count, 2, 2,
      [&](std::size_t i, std::span<double> result) {
        ++computed;
        double x = 1.0 + static_cast<double>(i);
        for (std::size_t k = 0; k < 50 * (i % 17); ++k) x = std::nextafter(x, 1e9);
        result[0] = 1.0 / x;
        result[1] = static_cast<double>(i);
      },
      [&](std::size_t i, std::span<const double> result) {
        EXPECT_EQ(i, next++);
        EXPECT_EQ(result[1], static_cast<double>(i));
        sum = sum * 1.0000001 + result[0];
        return true;
      });
  EXPECT_EQ(next, count);
  return sum;
}

TEST(Ranks, ShareChunksAndMergeAllInOrder) {
  for (const std::size_t count : {0, 1, 4, 1000}) {
    std::atomic<std::size_t> computed = 0;
    const double alone = sum_of_chunks(count, computed);
    for (const int size : sizes) {
      computed = 0;
      ThreadRanks(size).run([&](Ranks& ranks) {
        ranks.tell_threads(1 + ranks.rank());
        EXPECT_EQ(sum_of_chunks(count, computed), alone) << size << " ranks";
      });
      EXPECT_EQ(computed, count) << "each chunk by one of " << size << " ranks";
    }
  }
}

TEST(Ranks, StopWhereMergeSaysSo) {
  ThreadRanks(3).run([](Ranks&) {
    std::size_t merged = 0;
    for_each_chunk(
        1000, 1, 1, [](std::size_t, std::span<double>) {},
        [&](std::size_t i, std::span<const double>) { return merged = i, i < 41; });
    EXPECT_EQ(merged, 41u);
  });
}

TEST(Ranks, LoopsWithinItemsAreNotShared) {
  ThreadRanks(3).run([](Ranks& ranks) {
    double total = 0.0;
    const std::uint64_t before = ranks.traffic().exchanges;
    for_each_chunk(
        6, 1, 1,
        [&](std::size_t, std::span<double> result) {
          EXPECT_EQ(Ranks::current(), nullptr);
          result[0] = 0.0;
          for_each_chunk(
              10, 1, 1, [](std::size_t k, std::span<double> part) { part[0] = double(k); },
              [&](std::size_t, std::span<const double> part) {
                return result[0] += part[0], true;
              });
        },
        [&](std::size_t, std::span<const double> result) { return total += result[0], true; });
    EXPECT_EQ(total, 6 * 45.0);
    EXPECT_LE(ranks.traffic().exchanges - before, 6u);
  });
}

// What a serial loop throws, on all ranks.
TEST(Ranks, ThrowWhatTheFirstFailingItemThrew) {
  for (const int size : sizes) {
    ThreadRanks(size).run([](Ranks&) {
      const auto fail = [](std::size_t i, std::size_t) {
        if (i == 11) throw std::invalid_argument("item 11");
        if (i == 13) throw std::bad_alloc();
        if (i > 11) throw std::runtime_error("a later item");
      };
      try {
        for_each_shared(40, 2, fail, [](Parcel&, std::size_t) {});
        ADD_FAILURE() << "nothing was thrown";
      } catch (const std::invalid_argument& error) {
        EXPECT_STREQ(error.what(), "item 11");
      }
      EXPECT_THROW(for_each_shared(
                       8, 1,
                       [](std::size_t i, std::size_t) {
                         if (i == 2) throw std::bad_alloc();
                       },
                       [](Parcel&, std::size_t) {}),
                   std::bad_alloc);
    });
  }
}

TEST(Ranks, TakeFinishedItemsInOrderUntilOneIsCalledOff) {
  std::atomic<bool> signal = false;
  std::mutex writing;
  std::vector<std::vector<std::size_t>> taken;
  const auto wish = [&](int rank) { return rank == 1 && signal ? 15 : 0; };
  ThreadRanks(3).run(
      [&](Ranks& ranks) {
        const CancelScope scope([&] { return ranks.agreed() != 0; });
        std::vector<int> ends(1000, 0);
        std::vector<std::size_t> mine;
        EXPECT_THROW(for_each_in_rounds(
                         ends.size(), 1,
                         [&](std::size_t i) {
                           ends[i] = static_cast<int>(3 * i);
                           if (i == 40) signal = true;  // of rank 1, 40 mod 3 = 1
                         },
                         [&](std::size_t i) {
                           EXPECT_EQ(ends[i], static_cast<int>(3 * i));
                           return mine.push_back(i), true;
                         },
                         [&](Parcel& parcel, std::size_t i) { parcel(ends[i]); }),
                     Interrupted);
        EXPECT_EQ(ranks.agreed(), 15);
        EXPECT_THROW(poll(), Interrupted);
        const std::scoped_lock lock(writing);
        taken.push_back(mine);
      },
      wish);
  ASSERT_EQ(taken.size(), 3u);
  std::vector<std::size_t> order(taken.front().size());
  std::iota(order.begin(), order.end(), 0u);
  for (const auto& mine : taken) EXPECT_EQ(mine, order);
  EXPECT_LT(order.size(), 1000u);
}

// The first wave takes long enough; rank 0 is in the second one until rank 1 has begun the third.
TEST(Ranks, ComputeTheNextWaveWhileResultsTravel) {
  std::atomic<bool> third_wave = false, waited_in_vain = false;
  ThreadRanks(2).run([&](Ranks& ranks) {
    double sum = 0.0;
    for_each_chunk(
        40, 1, 1,
        [&](std::size_t i, std::span<double> result) {
          result[0] = static_cast<double>(i);
          if (i < 2) std::this_thread::sleep_for(std::chrono::milliseconds(60));
          if (ranks.rank() == 1 && i > 3) third_wave = true;
          const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
          while (i == 2 && !third_wave && !waited_in_vain) {
            waited_in_vain = std::chrono::steady_clock::now() > end;
            std::this_thread::yield();
          }
        },
        [&](std::size_t, std::span<const double> result) { return sum += result[0], true; });
    EXPECT_EQ(sum, 780.0);
  });
  EXPECT_FALSE(waited_in_vain);
}

// What a later wave throws is not thrown where a serial loop would have stopped before it.
TEST(Ranks, DropAWaveThatIsNotWanted) {
  for (const int size : sizes) {
    ThreadRanks(size).run([&](Ranks&) {
      const auto wanted = static_cast<std::size_t>(2 * size);  // two waves
      std::size_t merged = 0;
      for_each_chunk(
          100, 1, 1,
          [&](std::size_t i, std::span<double>) {
            if (i >= wanted) throw std::runtime_error("a later wave");
            std::this_thread::sleep_for(std::chrono::milliseconds(60));
          },
          [&](std::size_t, std::span<const double>) { return ++merged < wanted; });
      EXPECT_EQ(merged, wanted);
    });
  }
}

// Two items on five ranks: 0, 2, 4 make the first one, 1 and 3 the second one.
struct FewItems {
  std::atomic<int> shared = 0;

  std::vector<double> make(const std::function<void(std::size_t item)>& then = {}) {
    std::vector<double> found(2, 0.0);
    std::vector<std::size_t> merged;
    for_each_in_rounds(
        2, 1,
        [&](std::size_t item) {
          EXPECT_EQ(Ranks::current()->size(), item == 0 ? 3 : 2);
          double sum = static_cast<double>(item);
          for_each_chunk(
              30, 1, 1,
              [&](std::size_t k, std::span<double> result) {
                result[0] = 1.0 / double(k + 1);
                ++shared;
              },
              [&](std::size_t, std::span<const double> result) { return sum += result[0], true; });
          if (then) then(item);
          found[item] = sum;
        },
        [&](std::size_t item) { return merged.push_back(item), true; },
        [&](Parcel& parcel, std::size_t item) { parcel(found[item]); });
    EXPECT_EQ(merged, (std::vector<std::size_t>{0, 1}));
    return found;
  }
};

TEST(Ranks, MakeFewItemsInGroups) {
  double harmonic[2] = {0.0, 1.0};
  for (double& sum : harmonic) {
    for (int k = 0; k < 30; ++k) sum += 1.0 / double(k + 1);
  }
  FewItems items;
  ThreadRanks(5).run([&](Ranks& ranks) {
    ranks.tell_threads(1);
    EXPECT_EQ(items.make(), (std::vector<double>{harmonic[0], harmonic[1]}));
    EXPECT_EQ(Ranks::current(), &ranks);
    EXPECT_GT(ranks.traffic().exchanges, 5u) << "those of groups among them";
  });
  EXPECT_EQ(items.shared, 60) << "each chunk once";
}

// A group throws together, or one of it alone: all hear of that.
TEST(Ranks, ThrowWhatAGroupThrew) {
  for (const int alone : {-1, 1, 3}) {
    FewItems items;
    ThreadRanks(5).run([&](Ranks& ranks) {
      try {
        items.make([&](std::size_t item) {
          if (item == 1 && (alone < 0 || alone == ranks.rank())) {
            throw std::invalid_argument("item 1");
          }
          for_each_chunk(
              4, 1, 1, [](std::size_t, std::span<double>) {},
              [](std::size_t, std::span<const double>) { return true; });
        });
        ADD_FAILURE() << "nothing was thrown";
      } catch (const std::invalid_argument& error) {
        EXPECT_STREQ(error.what(), "item 1") << alone;
      }
      ranks.meet();
    });
  }
}

TEST(Ranks, StopGroupsThatAreCalledOff) {
  FewItems items;
  std::atomic<bool> signal = false;
  ThreadRanks(5).run(
      [&](Ranks& ranks) {
        const CancelScope scope([&] { return ranks.agreed() != 0; });
        EXPECT_THROW(items.make([&](std::size_t item) {
          if (item == 0) return;
          signal = true;
          for (;;) {
            for_each_chunk(
                4, 1, 1, [](std::size_t, std::span<double>) {},
                [](std::size_t, std::span<const double>) { return true; });
            poll();
          }
        }),
                     Interrupted);
        EXPECT_EQ(ranks.agreed(), 15);
      },
      [&](int rank) { return rank == 3 && signal ? 15 : 0; });
}

// Who has failed does not wait for one that computes for long.
TEST(Ranks, WhoFailsDoesNotWaitForLong) {
  std::atomic<bool> failed = false;
  ThreadRanks(2).run([&](Ranks& ranks) {
    const auto loop = [&] {
      for_each_shared(
          2, 1,
          [&](std::size_t item, std::size_t) {
            if (item == 1) throw std::bad_alloc();
            while (!failed) std::this_thread::yield();
          },
          [](Parcel&, std::size_t) {});
    };
    EXPECT_THROW(loop(), std::bad_alloc);
    if (ranks.rank() == 1) failed = true;
  });
}

TEST(Ranks, HearWhatTheFirstHasRead) {
  ThreadRanks(3).run([](Ranks& ranks) {
    std::vector<char> bytes;
    std::string text;
    ranks.told_by_first(
        [&] {
          EXPECT_TRUE(ranks.first());
          EXPECT_EQ(Ranks::current(), nullptr);
          bytes.assign(100000, 'a');
          text = "read";
        },
        [&](Parcel& parcel) { parcel(bytes, text); });
    EXPECT_EQ(bytes, std::vector<char>(100000, 'a'));
    EXPECT_EQ(text, "read");
  });
}

TEST(Ranks, AgreeOnTheTime) {
  std::mutex writing;
  std::vector<double> seconds;
  ThreadRanks(4).run([&](Ranks& ranks) {
    ranks.meet();
    const double now = monotonic_seconds();
    const std::scoped_lock lock(writing);
    seconds.push_back(now);
  });
  EXPECT_EQ(std::ranges::count(seconds, seconds.front()), 4);
  EXPECT_GT(seconds.front(), 0.0);
}

TEST(Ranks, HearWhatTheFirstFoundOrThrew) {
  std::atomic<int> calls = 0;
  ThreadRanks(3).run([&](Ranks& ranks) {
    EXPECT_TRUE(ranks.told_by_first([&] { return ++calls > 0; }));
    EXPECT_FALSE(ranks.told_by_first([] { return false; }));
    EXPECT_THROW(ranks.told_by_first([]() -> bool { throw std::invalid_argument("no"); }),
                 std::invalid_argument);
    ranks.require_same("abc", "input");
    try {
      ranks.require_same(ranks.rank() == 2 ? "abd" : "abc", "input");
      ADD_FAILURE() << "two inputs";
    } catch (const std::invalid_argument& error) {
      EXPECT_STREQ(error.what(), "rank 2 has another input than rank 0");
    }
  });
  EXPECT_EQ(calls, 1);
}

TEST(Ranks, NoticeThatOneWentOnAlone) {
  ThreadRanks(2).run([](Ranks& ranks) {
    EXPECT_THROW(
        {
          if (ranks.first()) {
            ranks.meet();
          } else {
            for_each_shared(
                3, 1, [](std::size_t, std::size_t) {}, [](Parcel&, std::size_t) {});
          }
        },
        std::logic_error);
  });
}

}  // namespace
}  // namespace skeleta
