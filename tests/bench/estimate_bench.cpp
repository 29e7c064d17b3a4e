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

Autoencoder unit_columns(Index features, Index hidden) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  Autoencoder model{Matrix(hidden, features), Vector::Constant(features, 0.1)};
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

double seconds_for(const Integrand& integrand, const Autoencoder& model, const Features& features,
                   const Options& options) {
  Known known;
  known.nanoseconds = loss_nanoseconds(model, features);
  const auto start = Clock::now();
  benchmark::DoNotOptimize(integrate(features, integrand, options, known));
  return Seconds(Clock::now() - start).count();
}

double seconds_for(const Autoencoder& model, const Features& features, const Options& options) {
  const Integrand loss = loss_integrand(model, features, kernel_path(model, features));
  return seconds_for(loss, model, features, options);
}

// Plain sampling, random numbers, statistics and pilot included: samples a second.
void plain_rate(benchmark::State& state, Index features, Index hidden, double density,
                Precision precision, int threads, double goal) {
  const Autoencoder model = unit_columns(features, hidden);
  const Features data = Features::uniform(features, density);
  const Integrand loss = loss_integrand(model, data, kernel_path(model, data), precision);
  const Options options =
      plain_options(features > 2000 ? 10'000 : (features > 200 ? 4'000'000 : 64'000'000), threads);
  double best = 0.0;
  for (auto _ : state) {
    const double seconds = seconds_for(loss, model, data, options);
    best = std::max(best, static_cast<double>(options.samples) / seconds);
  }
  state.counters["best_Msamples_per_s"] = best / 1e6;
  state.counters["goal"] = goal;
}

#define PLAIN_RATE(name, ...) \
  BENCHMARK_CAPTURE(plain_rate, name, __VA_ARGS__)->Iterations(5)->Unit(benchmark::kMillisecond)

PLAIN_RATE(D5_p05_float64_1, 5, 2, .05, Precision::float64, 1, 0);
PLAIN_RATE(D20_p05_float64_1, 20, 5, .05, Precision::float64, 1, 0);
PLAIN_RATE(D80_p02_float64_1, 80, 20, .02, Precision::float64, 1, 20);
PLAIN_RATE(D400_p01_float64_1, 400, 30, .01, Precision::float64, 1, 2.5);
PLAIN_RATE(D1000_p005_float64_1, 1000, 50, .005, Precision::float64, 1, 0);
PLAIN_RATE(D5_p05_float32_2, 5, 2, .05, Precision::float32, 2, 0);
PLAIN_RATE(D20_p05_float32_2, 20, 5, .05, Precision::float32, 2, 0);
PLAIN_RATE(D80_p02_float32_2, 80, 20, .02, Precision::float32, 2, 0);
PLAIN_RATE(D400_p01_float32_2, 400, 30, .01, Precision::float32, 2, 0);
PLAIN_RATE(D1000_p005_float32_2, 1000, 50, .005, Precision::float32, 2, 0);
BENCHMARK_CAPTURE(plain_rate, D20000_p0001_float64_1, 20000, 50, .0001, Precision::float64, 1, 0)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

// The same loss as a user would write it in a lambda, against the kernel: time over time.
void lambda_over_kernel(benchmark::State& state) {
  const Autoencoder model = unit_columns(80, 20);
  const Features data = Features::uniform(80, .02);
  const Matrix G = gram(model);
  const auto loss = [&G, &b = model.b](const SparsePoint& point) {
    double z[80];
    for (Index i = 0; i < 80; ++i) z[i] = -b(i);
    for (std::size_t k = 0; k < point.count(); ++k) {
      const double* const column = G.col(point.active[k]).data();
      for (Index i = 0; i < 80; ++i) z[i] += point.value[k] * column[i];
    }
    double sum = 0.0;
    for (const double value : z) sum += value > 0.0 ? value * value : 0.0;
    for (std::size_t k = 0; k < point.count(); ++k) {
      const double x = point.value[k], y = std::max(z[point.active[k]], 0.0);
      sum += x * (x - 2.0 * y);
    }
    return sum;
  };
  double best = 1e300;
  for (auto _ : state) {
    const Options options = plain_options(20'000'000, 1);
    const double kernel = seconds_for(model, data, options);
    best = std::min(best, seconds_for(Integrand(loss), model, data, options) / kernel);
  }
  state.counters["time_ratio"] = best;
  state.counters["goal_at_most"] = 3;
}

BENCHMARK(lambda_over_kernel)->Iterations(3)->Unit(benchmark::kMillisecond);

// Time on one thread over twice the time on two, one after the other in one run.
void two_core_efficiency(benchmark::State& state, Index features, Index hidden, double density) {
  const Autoencoder model = unit_columns(features, hidden);
  const Features data = Features::uniform(features, density);
  const std::uint64_t samples = features > 200 ? 4'000'000 : 64'000'000;
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
  const Features features{file.density.front(), file.importance.front()};
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
           error_times_root_of_time(Method::stratified, 5e-5);
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

// Seconds to a relative standard error of 1e-4 on the shipped models, by the default and by the
// method that auto picks.
void seconds_to_four_digits(benchmark::State& state, const char* name, Method method) {
  const storage::ModelFile file =
      storage::read_models(std::string(SKELETA_SOURCE_DIR "/data/trained/") + name);
  const Features features{file.density.front(), file.importance.front()};
  Options options;
  options.method = method;
  options.relative_tolerance = 1e-4;
  double best = 1e300, samples = 0.0;
  for (auto _ : state) {
    const auto start = Clock::now();
    const auto result = approximation::sampled_loss(file.models.front(), features, options);
    best = std::min(best, Seconds(Clock::now() - start).count());
    samples = static_cast<double>(result.loss.samples);
    state.SetLabel(to_string(result.method));
  }
  state.counters["best_seconds"] = best;
  state.counters["samples"] = samples;
}

#define FOUR_DIGITS(name, file)                                                   \
  BENCHMARK_CAPTURE(seconds_to_four_digits, name, file, Method::stratified)       \
      ->Iterations(2)                                                             \
      ->Unit(benchmark::kMillisecond);                                            \
  BENCHMARK_CAPTURE(seconds_to_four_digits, name##_auto, file, Method::automatic) \
      ->Iterations(2)                                                             \
      ->Unit(benchmark::kMillisecond)

FOUR_DIGITS(n5_S0_95, "n5_m2_S0.95.h5");
FOUR_DIGITS(n5_S0_75, "n5_m2_S0.75.h5");
FOUR_DIGITS(n20, "n20_m5_S0.95.h5");
FOUR_DIGITS(n80, "n80_m20_S0.98.h5");
FOUR_DIGITS(n200, "n200_m20_S0.95.h5");
FOUR_DIGITS(n400, "n400_m30_S0.99.h5");

}  // namespace
}  // namespace skeleta::estimate
