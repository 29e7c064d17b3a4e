#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <string>

#include "core/products.h"
#include "skeleta/exact/dictionary.h"
#include "skeleta/exact/loss.h"

// Outputs of dictionaries to 1e-4, two threads. Counters: `seconds_all` is what all outputs would
// take at the pace of those measured, `goal` what was asked of it; `floor` the part of the time
// that 2dD operations an output would take at `gflops` of double precision, the pace of a plain
// product measured in the same run; `ns/entry`, `nodes` on average.
namespace skeleta::exact {
namespace {

struct DictionarySize {
  const char* name;
  Index features, hidden, outputs;
  double active, goal;
};

// Directions at random, densities like 1/(rank + 2.7): words.
Dictionary random_directions(const DictionarySize& size) {
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  Dictionary result{FloatMatrix(size.hidden, size.features), {}, {}, {}};
  for (float& w : result.W.reshaped()) w = normal(random);
  result.W.colwise().normalize();
  result.b = Vector::Constant(size.features, 0.1);
  return result;
}
Features words(const DictionarySize& size) {
  Features features = Features::uniform(size.features, 0.0);
  for (Index j = 0; j < size.features; ++j) {
    features.density(j) = 1.0 / (static_cast<double>(j) + 2.7);
  }
  features.density = (features.density * (size.active / features.density.sum())).cwiseMin(0.5);
  return features;
}

// The pace of one product in one thread.
double gigaflops(const DictionarySize& size) {
  const Matrix A = Matrix::Random(size.hidden, 1024), B = Matrix::Random(size.hidden, 32);
  const auto start = std::chrono::steady_clock::now();
  double sum = 0.0;
  constexpr int times = 20;
  for (int n = 0; n < times; ++n) sum += transposed_product(A, B)(0, 0);
  benchmark::DoNotOptimize(sum);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return times * 2.0 * static_cast<double>(size.hidden) * 1024.0 * 32.0 / seconds.count() * 1e-9;
}

void dictionary_time(benchmark::State& state, const DictionarySize& size) {
  const Dictionary dictionary = random_directions(size);
  const Features features = words(size);
  DictionaryOptions options;
  options.threads = 2;
  const DictionaryEvaluator evaluator(dictionary, features, options);
  double nodes = 0.0, seconds = 0.0, runs = 0.0;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    const OutputFigures found = evaluator.evaluate(0, size.outputs);
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    runs += 1.0;
    nodes = 0.0;
    for (const FeatureFigures& figures : found.figures) nodes += static_cast<double>(figures.nodes);
  }
  const double of_output = seconds / runs / static_cast<double>(size.outputs);
  const double entries = static_cast<double>(size.features), pace = 2.0 * gigaflops(size);
  state.counters["seconds_all"] = of_output * entries;
  state.counters["goal"] = size.goal;
  state.counters["ns/entry"] = 1e9 * of_output / entries;
  state.counters["floor"] = 2e-9 * static_cast<double>(size.hidden) * entries / pace / of_output;
  state.counters["nodes"] = nodes / static_cast<double>(size.outputs);
  state.counters["frequent"] = static_cast<double>(evaluator.frequent());
}

// Likewise with all derivatives.
void gradient_time(benchmark::State& state, const DictionarySize& size) {
  const Dictionary dictionary = random_directions(size);
  const Features features = words(size);
  DictionaryOptions options;
  options.threads = 2;
  const DictionaryEvaluator evaluator(dictionary, features, options);
  const Index outputs = std::max<Index>(size.outputs, 512);
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(evaluator.loss_and_gradient(0, outputs).loss);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(seconds.count());
    state.counters["seconds_all"] =
        seconds.count() / static_cast<double>(outputs) * static_cast<double>(size.features);
  }
}

// The same by the engine that multiplies node by node, all outputs.
void direct_time(benchmark::State& state, const DictionarySize& size) {
  Autoencoder model{random_directions(size).W.cast<double>(), Vector::Constant(size.features, 0.1)};
  const Features features = words(size);
  Options options;
  options.relative_target = 1e-4;
  options.error_control = ErrorControl::estimated;
  options.threads = 2;
  for (auto _ : state) benchmark::DoNotOptimize(loss(model, features, options).value);
}

constexpr DictionarySize sizes[] = {
    {"D2000", 2000, 100, 2000, 10.0, 0.0},
    {"D8000", 8000, 100, 1024, 10.0, 0.0},
    {"D16384_d768", 16384, 768, 512, 20.0, 20.0},
    {"D65901", 65901, 100, 256, 10.0, 60.0},
};

[[maybe_unused]] const auto registered = [] {
  for (const DictionarySize& size : sizes) {
    const std::string name = std::string("dictionary/") + size.name;
    benchmark::RegisterBenchmark(name.c_str(), dictionary_time, size)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
    benchmark::RegisterBenchmark((name + "/gradient").c_str(), gradient_time, size)
        ->Unit(benchmark::kMillisecond)
        ->UseManualTime();
    if (size.features > 8000) continue;
    benchmark::RegisterBenchmark((name + "/direct").c_str(), direct_time, size)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  }
  return 0;
}();

}  // namespace
}  // namespace skeleta::exact
