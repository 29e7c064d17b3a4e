// What one sample of plain sampling costs on one core: drawn only, and drawn and evaluated. Cycles
// are of the core's actual clock, beside the floor of (2 l + 3) D operations at l = E[N].
#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <random>

#include "skeleta/estimate/loss_kernel.h"
#include "skeleta/sampling/count_splitter.h"
#include "skeleta/sampling/point_sampler.h"

namespace skeleta::estimate {
namespace {

// Of this thread alone, so that a busy machine disturbs less.
double processor_seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Cycles a second: a chain of dependent additions takes one cycle each.
double clock_rate() {
  constexpr int steps = 100'000, additions = 4;
  double best = 1.0;
  for (int repeat = 0; repeat < 20; ++repeat) {
    const double start = processor_seconds();
    std::uint64_t x = 1;
    for (int i = 0; i < steps; ++i) {
      asm volatile("add $1, %0\n\tadd $1, %0\n\tadd $1, %0\n\tadd $1, %0" : "+r"(x));
    }
    best = std::min(best, processor_seconds() - start);
  }
  return steps * additions / best;
}

Autoencoder unit_columns(Index features, Index hidden) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  Autoencoder model{Matrix(hidden, features), Vector::Constant(features, 0.1)};
  for (double& w : model.W.reshaped()) w = normal(random);
  model.W.colwise().normalize();
  return model;
}

// A chunk of points, skeleton by skeleton as the Monte Carlo loop takes them.
class Chunk {
 public:
  static constexpr std::uint64_t points = 8192;
  static constexpr std::size_t batch_size = 256;

  explicit Chunk(const DataLaw& law)
      : most_(std::min<Index>(law.size(), 40)),
        splitter_(ActiveCount(law.activity), {0, most_}),
        sampler_(law, most_),
        scratch_(sampler_.scratch()),
        counts_(static_cast<std::size_t>(most_) + 1) {}

  template <class Use>
  void draw(std::uint64_t index, Use&& use) {
    splitter_.draw({.purpose = sampling::Purpose::counts}, index, points, counts_);
    for (Index l = 1; l <= most_; ++l) {
      const std::size_t count = counts_[static_cast<std::size_t>(l)];
      for (std::size_t done = 0; done < count; done += batch_size) {
        sampler_.draw(l, {.stratum = static_cast<std::uint64_t>(l)}, index * points + done,
                      std::min(batch_size, count - done), batch_, scratch_);
        use(batch_);
      }
    }
  }

 private:
  Index most_;
  sampling::CountSplitter splitter_;
  sampling::PointSampler sampler_;
  sampling::PointSampler::Scratch scratch_;
  std::vector<std::uint64_t> counts_;
  SparseBatch batch_;
};

// Least cycles a sample over the benchmark's repetitions.
template <class Use>
double cycles(Chunk& chunk, double rate, Use&& use) {
  double best = 1.0;
  for (std::uint64_t repeat = 0; repeat < 200; ++repeat) {
    const double start = processor_seconds();
    chunk.draw(repeat % 8, use);
    best = std::min(best, processor_seconds() - start);
  }
  return best * rate / static_cast<double>(Chunk::points);
}

void plain_sample(benchmark::State& state, Index features, Index hidden, double density,
                  Precision precision) {
  const Autoencoder model = unit_columns(features, hidden);
  const Features data = Features::uniform(features, density);
  const BatchIntegrand loss = loss_integrand(model, data, KernelPath::gram, precision)();
  Chunk chunk(data.data_law());
  std::vector<double> values(Chunk::batch_size);
  const double rate = clock_rate();
  for (auto _ : state) {
    const double drawn = cycles(chunk, rate, [](const SparseBatch& batch) {
      benchmark::DoNotOptimize(batch.value().data());
    });
    const double all = cycles(chunk, rate, [&](const SparseBatch& batch) {
      loss(batch, std::span(values).first(batch.size()));
      benchmark::DoNotOptimize(values.data());
    });
    state.counters["cycles_drawn"] = drawn;
    state.counters["cycles"] = all;
    state.counters["ns"] = all / rate * 1e9;
  }
  // Two 256-bit fused multiply-adds a cycle, as recent x86-64 cores do.
  const double operations_a_cycle = precision == Precision::float32 ? 32.0 : 16.0;
  const auto count = static_cast<double>(features);
  state.counters["cycles_floor"] = (2.0 * count * density + 3.0) * count / operations_a_cycle;
  state.counters["GHz"] = rate / 1e9;
}

#define SETTING(name, ...)                                                         \
  BENCHMARK_CAPTURE(plain_sample, name##_float32, __VA_ARGS__, Precision::float32) \
      ->Iterations(1)                                                              \
      ->Unit(benchmark::kMillisecond);                                             \
  BENCHMARK_CAPTURE(plain_sample, name##_float64, __VA_ARGS__, Precision::float64) \
      ->Iterations(1)                                                              \
      ->Unit(benchmark::kMillisecond)

SETTING(D5_p05, 5, 2, .05);
SETTING(D20_p05, 20, 5, .05);
SETTING(D80_p02, 80, 20, .02);
SETTING(D400_p01, 400, 30, .01);
SETTING(D1000_p005, 1000, 50, .005);

// Laws with the same number of active features: what a sample takes to draw, and how many are drawn
// a second beside independent features of unequal densities (aim: at least half as many).
DataLaw in_groups_of_two(Index features, double p, bool together) {
  std::vector<ActivityNodes> groups;
  for (Index j = 0; j + 1 < features; j += 2) {
    const Index both[] = {j, j + 1};
    groups.push_back(
        together ? activity::together(both, p)
                 : activity::exclusive({activity::feature(j, p), activity::feature(j + 1, p)}));
  }
  return {ActivityTree(activity::join(groups)),
          std::vector<ValueLaw>(static_cast<std::size_t>(features))};
}

void law_sample(benchmark::State& state, const DataLaw& law) {
  Chunk chunk(law);
  Chunk unequal(DataLaw::independent(Vector::LinSpaced(80, 0.01, 0.03)));
  const double rate = clock_rate();
  const auto drawn = [](const SparseBatch& batch) {
    benchmark::DoNotOptimize(batch.value().data());
  };
  for (auto _ : state) {
    const double independent = cycles(unequal, rate, drawn), own = cycles(chunk, rate, drawn);
    state.counters["ns"] = own / rate * 1e9;
    state.counters["rate_over_independent"] = independent / own;
  }
}

#define LAW(name, ...) \
  BENCHMARK_CAPTURE(law_sample, name, __VA_ARGS__)->Iterations(1)->Unit(benchmark::kMillisecond)

LAW(equal, DataLaw::independent(Vector::Constant(80, 0.02)));
LAW(half_normal, DataLaw::independent(Vector::Constant(80, 0.02), ValueLaw::half_normal(1.0)));
LAW(normal, DataLaw::independent(Vector::Constant(80, 0.02), ValueLaw::normal(0.0, 1.0)));
LAW(exponential, DataLaw::independent(Vector::Constant(80, 0.02), ValueLaw::exponential(1.0)));
LAW(together, in_groups_of_two(80, 0.02, true));
LAW(exclusive, in_groups_of_two(80, 0.02, false));

}  // namespace
}  // namespace skeleta::estimate
