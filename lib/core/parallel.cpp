#include "skeleta/core/parallel.h"

#include <fmt/format.h>
#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <latch>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "skeleta/core/cancellation.h"

namespace skeleta {
namespace {

// How many of `wanted` threads could be started, all at once.
int started_at_once(int wanted) {
  std::latch go(1);
  std::vector<std::jthread> threads;
  threads.reserve(static_cast<std::size_t>(wanted));
  try {
    while (static_cast<int>(threads.size()) < wanted) threads.emplace_back([&] { go.wait(); });
  } catch (const std::system_error&) {
    // No more of them: the limit on processes, or on memory.
  }
  go.count_down();
  return static_cast<int>(threads.size());
}

}  // namespace

int resolve_threads(int requested) {
  constexpr int most = 4096;
  if (requested < 0 || requested > most) {
    throw std::invalid_argument(
        fmt::format("threads = {} must lie in 0..{} (0 means all cores)", requested, most));
  }
  if (requested > 0) return requested;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// TBB ends the program where it cannot start a thread, so it is not asked for more than can be.
int possible_threads(int threads) {
  static std::atomic<int> most{1};
  static std::atomic<bool> limit_known{false};
  if (threads > most && !limit_known) {
    const int possible = 1 + started_at_once(threads - 1);
    if (possible < threads) limit_known = true;
    if (possible > most) most = possible;
  }
  return std::min<int>(threads, most);
}

void parallel_for(std::size_t count, int threads, FunctionRef<void(std::size_t)> body) {
  threads = resolve_threads(threads);
  if (threads > 1 && count > 1) threads = possible_threads(threads);
  if (threads == 1 || count <= 1) {
    for (std::size_t i = 0; i < count; ++i) {
      poll();
      body(i);
    }
    return;
  }
  const CancelScope* const scope = CancelScope::current();
  // TBB caps all arenas at the number of cores unless told otherwise.
  const tbb::global_control cap(tbb::global_control::max_allowed_parallelism,
                                static_cast<std::size_t>(threads));
  tbb::task_arena arena(threads);
  arena.execute([&] {
    tbb::parallel_for(
        std::size_t{0}, count,
        [&](std::size_t i) {
          const BorrowedScope borrowed(scope);
          poll();
          body(i);
        },
        tbb::simple_partitioner{});
  });
}

void for_each_chunk(std::size_t count, std::size_t width, int threads,
                    FunctionRef<void(std::size_t, std::span<double>)> compute,
                    FunctionRef<bool(std::size_t, std::span<const double>)> merge) {
  using Clock = std::chrono::steady_clock;
  constexpr auto enough = std::chrono::milliseconds(40);
  const auto workers = static_cast<std::size_t>(resolve_threads(threads));
  const std::size_t most = std::min(count, 64 * workers);
  std::vector<double> results(most * width);
  const auto slot = [&](std::size_t k) { return std::span(results).subspan(k * width, width); };
  // As many chunks at once as take some 40 ms: few enough to stop soon, so many that threads seldom
  // wait for each other. What merge sees does not depend on it.
  std::size_t wave = std::min(most, workers);
  for (std::size_t first = 0; first < count;) {
    const std::size_t batch = std::min(wave, count - first);
    const auto start = Clock::now();
    parallel_for(batch, threads, [&](std::size_t k) { compute(first + k, slot(k)); });
    for (std::size_t k = 0; k < batch; ++k) {
      if (!merge(first + k, slot(k))) return;
    }
    if (Clock::now() - start < enough) wave = std::min(2 * wave, most);
    if (Clock::now() - start > 2 * enough) wave = std::max(wave / 2, std::min(most, workers));
    first += batch;
  }
}

}  // namespace skeleta
