#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "skeleta/core/parallel.h"

// Threads that loops within loops really use, with more of them than this machine may have
// processors. The counter `goal` stands beside `threads`, the most that ran at once.
namespace skeleta {
namespace {

// `items` of the outer loop on a budget of `threads`, as starts of a training; each calls inner
// loops, as its evaluations do, whose items wait as if they worked.
void nested(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const auto items = static_cast<std::size_t>(state.range(1));
  const ThreadBudget budget(threads);
  std::atomic<int> running = 0, most = 0;
  const auto work = [&](std::size_t) {
    const int now = ++running;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --running;
  };
  for (auto _ : state) {
    parallel_for(items, 0, [&](std::size_t) {
      for (int evaluation = 0; evaluation < 5; ++evaluation) parallel_for(40, 0, work);
    });
  }
  state.counters["threads"] = most.load();
  state.counters["goal"] = threads;
}
BENCHMARK(nested)
    ->Name("threads/nested")
    ->ArgNames({"budget", "items"})
    ->Args({8, 1})
    ->Args({8, 2})
    ->Args({8, 8})
    ->Args({20, 10})
    ->Args({20, 30})
    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// A loop with nothing in it: what it costs to call threads.
void empty(benchmark::State& state) {
  const ThreadBudget budget(static_cast<int>(state.range(0)));
  for (auto _ : state) parallel_for(8, 0, [](std::size_t) {});
  state.counters["goal"] = 10.0;
}
BENCHMARK(empty)
    ->Name("threads/empty")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace skeleta
