#include <benchmark/benchmark.h>

#include "skeleta/linear/moment_law.h"
#include "skeleta/linear/sparse_data.h"

// The second moment Σ of a stream of sparse data on all cores. Counters: `goal_s` is the time to
// beat in seconds, `error` the root-mean-square error of Σ/T over its exact expectation (near 1).
namespace skeleta::linear {
namespace {

void second_moment_of_stream(benchmark::State& state, Index features, double density,
                             std::uint64_t samples, double goal) {
  const MomentLaw law = moment_law(features, density, samples);
  const SparseData data(Vector::Constant(features, density), samples, 1);
  double error = 0.0;
  for (auto _ : state) error = measure(second_moment(data), law).noise / law.noise;
  state.counters["goal_s"] = goal;
  state.counters["error"] = error;
  state.SetItemsProcessed(static_cast<std::int64_t>(samples) * state.iterations());
}

BENCHMARK_CAPTURE(second_moment_of_stream, d100_p02_1e8, 100, 0.02, 100'000'000, 10.0)
    ->Unit(benchmark::kSecond)
    ->UseRealTime()
    ->Iterations(1);
BENCHMARK_CAPTURE(second_moment_of_stream, d1000_p002_1e8, 1000, 0.002, 100'000'000, 0.0)
    ->Unit(benchmark::kSecond)
    ->UseRealTime()
    ->Iterations(1);

}  // namespace
}  // namespace skeleta::linear
