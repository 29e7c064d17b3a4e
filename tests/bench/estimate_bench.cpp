#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <random>

#include "skeleta/approximation/sampled_loss.h"
#include "skeleta/storage/model_file.h"

namespace skeleta::estimate {
namespace {

using Seconds = std::chrono::duration<double>;
using Clock = std::chrono::steady_clock;

ReluAutoencoder unit_columns(Index features, Index hidden) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  ReluAutoencoder model{Matrix(hidden, features), Vector::Constant(features, 0.1)};
  for (double& w : model.W.reshaped()) w = normal(random);
  model.W.colwise().normalize();
  return model;
}

Options plain_options(std::uint64_t samples, int threads) {
  Options options;
  options.method = Method::plain;
  options.samples = samples;
  options.threads = threads;
  return options;
}

double seconds_for(const ReluAutoencoder& model, const Features& features, const Options& options) {
  const auto start = Clock::now();
  skeleton_loss(model, features, options);
  return Seconds(Clock::now() - start).count();
}

// Plain sampling on one core, float64, random numbers included: samples a second.
void plain_rate(benchmark::State& state, Index features, Index hidden, double density,
                double goal) {
  const ReluAutoencoder model = unit_columns(features, hidden);
  const Features data = Features::uniform(features, density);
  const Options options =
      plain_options(features > 2000 ? 10'000 : (features > 200 ? 1'000'000 : 8'000'000), 1);
  double best = 0.0;
  for (auto _ : state) {
    const double seconds = seconds_for(model, data, options);
    best = std::max(best, static_cast<double>(options.samples) / seconds);
  }
  state.counters["best_Msamples_per_s"] = best / 1e6;
  state.counters["goal"] = goal;
}

BENCHMARK_CAPTURE(plain_rate, D5_p05, 5, 2, .05, 0)->Iterations(5)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(plain_rate, D20_p05, 20, 5, .05, 0)->Iterations(5)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(plain_rate, D80_p02, 80, 20, .02, 20)
    ->Iterations(5)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(plain_rate, D400_p01, 400, 30, .01, 2.5)
    ->Iterations(5)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(plain_rate, D1000_p005, 1000, 50, .005, 0)
    ->Iterations(5)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(plain_rate, D20000_p0001, 20000, 50, .0001, 0)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

// Time on one thread over twice the time on two, one after the other in one run.
void two_core_efficiency(benchmark::State& state, Index features, Index hidden, double density) {
  const ReluAutoencoder model = unit_columns(features, hidden);
  const Features data = Features::uniform(features, density);
  const std::uint64_t samples = features > 200 ? 2'000'000 : 16'000'000;
  double best = 0.0;
  for (auto _ : state) {
    const double one = seconds_for(model, data, plain_options(samples, 1));
    const double two = seconds_for(model, data, plain_options(samples, 2));
    best = std::max(best, one / (2.0 * two));
  }
  state.counters["efficiency"] = best;
  state.counters["goal"] = 0.9;
}

BENCHMARK_CAPTURE(two_core_efficiency, D80_p02, 80, 20, .02)
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(two_core_efficiency, D400_p01, 400, 30, .01)
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond);

// Standard error of plain over that of stratified after the same time: each is run to its own
// precision, and errors are scaled by the square root of the times.
void stratified_gain(benchmark::State& state, const char* name) {
  const storage::ModelFile file =
      storage::read_models(std::string(SKELETA_SOURCE_DIR "/data/trained/") + name);
  const Features features{*file.density, *file.importance};
  const auto error_times_root_of_time = [&](Method method, double tolerance) {
    Options options;
    options.method = method;
    options.relative_tolerance = tolerance;
    options.threads = 1;
    const auto start = Clock::now();
    const auto result = approximation::sampled_loss(file.models.front(), features, options);
    return result.loss.standard_error * std::sqrt(Seconds(Clock::now() - start).count());
  };
  double gain = 0.0;
  for (auto _ : state) {
    gain = error_times_root_of_time(Method::plain, 2e-3) /
           error_times_root_of_time(Method::stratified, 1e-4);
  }
  state.counters["error_ratio"] = gain;
  state.counters["goal"] = 5;
}

BENCHMARK_CAPTURE(stratified_gain, n5_m2_S0_95, "n5_m2_S0.95.h5")
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(stratified_gain, n80_m20_S0_98, "n80_m20_S0.98.h5")
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace skeleta::estimate
