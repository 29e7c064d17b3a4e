#include <benchmark/benchmark.h>

#include <random>

#include "skeleta/estimate/skeleton_loss.h"

namespace skeleta::estimate {
namespace {

ReluAutoencoder unit_columns(Index features, Index hidden) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  ReluAutoencoder model{Matrix(hidden, features), Vector::Constant(features, 0.1)};
  for (double& w : model.W.reshaped()) w = normal(random);
  model.W.colwise().normalize();
  return model;
}

// Plain sampling, random numbers included: samples a second on so many threads.
void plain_rate(benchmark::State& state, Index features, Index hidden, double density,
                double goal_millions) {
  const ReluAutoencoder model = unit_columns(features, hidden);
  const Features data = Features::uniform(features, density);
  Options options;
  options.method = Method::plain;
  options.threads = static_cast<int>(state.range(0));
  options.samples = features > 200 ? 1'000'000 : 8'000'000;
  std::uint64_t samples = 0;
  for (auto _ : state) samples += skeleton_loss(model, data, options).samples;
  state.counters["rate"] =
      benchmark::Counter(static_cast<double>(samples), benchmark::Counter::kIsRate);
  state.counters["goal"] = goal_millions * 1e6 * options.threads;
}

BENCHMARK_CAPTURE(plain_rate, D5_p05, 5, 2, .05, 0)
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(plain_rate, D20_p05, 20, 5, .05, 0)
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(plain_rate, D80_p02, 80, 20, .02, 20)
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(plain_rate, D400_p01, 400, 30, .01, 2.5)
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(plain_rate, D1000_p005, 1000, 50, .005, 0)
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace skeleta::estimate
