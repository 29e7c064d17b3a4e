#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>

#include "skeleta/thomson/solve.h"

// Thomson's problem from random starts on all cores. Counters: `goal_s` is the time to beat in
// seconds, `found` how many of the sizes reached the table's energy to 1e-9, `of` how many there
// are, `gradient` the largest gradient norm, `hits` the least share of starts that found the best.
namespace skeleta::thomson {
namespace {

void coulomb_minima(benchmark::State& state, Index first, Index last, std::uint64_t starts,
                    double goal) {
  double found = 0.0, gradient = 0.0, hits = 1.0;
  for (auto _ : state) {
    found = 0.0;
    for (Index n = first; n <= last; ++n) {
      const Solution solution = solve(coulomb, n, 3, {.starts = starts});
      found += std::abs(solution.difference) <= 1e-9 * solution.best.energy;
      gradient = std::max(gradient, solution.best.gradient_norm);
      hits =
          std::min(hits, static_cast<double>(solution.hits) / static_cast<double>(solution.starts));
    }
  }
  state.counters["goal_s"] = goal;
  state.counters["found"] = found;
  state.counters["of"] = static_cast<double>(last - first + 1);
  state.counters["gradient"] = gradient;
  state.counters["hits"] = hits;
}

BENCHMARK_CAPTURE(coulomb_minima, up_to_32, 2, 32, 50, 20.0)
    ->Unit(benchmark::kSecond)
    ->UseRealTime()
    ->Iterations(1);
BENCHMARK_CAPTURE(coulomb_minima, of_100, 100, 100, 100, 60.0)
    ->Unit(benchmark::kSecond)
    ->UseRealTime()
    ->Iterations(1);

}  // namespace
}  // namespace skeleta::thomson
