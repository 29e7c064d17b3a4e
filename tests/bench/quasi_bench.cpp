#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>

#include "sampling/quasi_sampler.h"
#include "skeleta/estimate/loss_kernel.h"
#include "skeleta/exact/loss.h"
#include "skeleta/exact/low_skeletons.h"
#include "skeleta/sampling/point_sampler.h"
#include "skeleta/storage/model_file.h"

namespace skeleta::sampling {
namespace {

// A shipped model, one skeleton of it, and the exact mean of the loss there.
class Skeleton {
 public:
  Skeleton(const char* name, Index l) : l_(l), file_(read(name)) {
    features_ = {file_.density.front(), file_.importance.front()};
    loss_ = estimate::loss_integrand(model(), features_, estimate::KernelPath::gram)();
    mean_ = l <= 2 ? exact::skeleton_part(model(), features_, l).mean : mean_of_higher();
  }

  const Autoencoder& model() const { return file_.models.front(); }
  const Features& features() const { return features_; }

  QuasiSampler sampler() const { return {features_.density, l_, gram(model())}; }

  // Root-mean-square error, over the replicates, of the mean of 2^bits quasi-random points of *one*
  // replicate: what plain points have is σ/√(2^bits).
  double quasi_error(const QuasiSampler& sampler, int bits, int replicates) {
    constexpr std::size_t block = 256;
    const std::uint64_t points = std::uint64_t{1} << bits;
    const auto width = static_cast<std::size_t>(l_);
    auto scratch = sampler.scratch();
    SparseBatch batch;
    std::vector<double> values(block);
    double squares = 0.0;
    for (int r = 0; r < replicates; ++r) {
      const StreamKey key{.replicate = static_cast<std::uint64_t>(r),
                          .stratum = static_cast<std::uint64_t>(l_)};
      double sum = 0.0;
      for (std::uint64_t first = 0; first < points; first += block) {
        batch.reset(width, block);
        sampler.draw(key, first, block, batch.active(), batch.value(), scratch);
        loss_(batch, values);
        for (const double value : values) sum += value - mean_;
      }
      squares += std::pow(sum / static_cast<double>(points), 2);
    }
    return std::sqrt(squares / replicates);
  }

  // σ, from 2²⁰ plain points.
  double plain_deviation() {
    constexpr std::size_t block = 4096, blocks = 256;
    const PointSampler sampler(features_.density, l_);
    auto scratch = sampler.scratch();
    SparseBatch batch;
    std::vector<double> values(block);
    double squares = 0.0;
    for (std::size_t i = 0; i < blocks; ++i) {
      sampler.draw(l_, {}, i * block, block, batch, scratch);
      loss_(batch, values);
      for (const double value : values) squares += (value - mean_) * (value - mean_);
    }
    return std::sqrt(squares / (block * blocks));
  }

 private:
  static storage::ModelFile read(const char* name) {
    return storage::read_models(std::string(SKELETA_SOURCE_DIR "/data/trained/") + name);
  }

  // The shipped models have equal densities, so L_l does not depend on p: take the p that makes Q_l
  // most likely, for the sake of the relative error.
  double mean_of_higher() const {
    const auto D = static_cast<double>(model().features());
    Features likely = features_;
    likely.density.setConstant(std::min(0.9, static_cast<double>(l_) / D));
    exact::Options options;
    options.relative_target = 1e-9;
    options.error_control = exact::ErrorControl::estimated;
    options.skeletons = l_;
    return exact::skeleton_loss(model(), likely, options).skeletons.back().mean;
  }

  Index l_;
  storage::ModelFile file_;
  Features features_;
  estimate::BatchIntegrand loss_;
  double mean_ = 0.0;
};

// "At the same count": one replicate of 2¹⁶ quasi-random points against 2¹⁶ plain points, both in
// root mean square. With 256 replicates the ratio is good to 5 %.
void quasi_gain(benchmark::State& state, const char* name, Index l, double goal) {
  Skeleton skeleton(name, l);
  double gain = 0.0;
  for (auto _ : state) {
    const double error = skeleton.quasi_error(skeleton.sampler(), 16, 256);
    gain = skeleton.plain_deviation() / std::sqrt(0x1p16) / error;
  }
  state.counters["error_ratio"] = gain;
  state.counters["goal"] = goal;
}

BENCHMARK_CAPTURE(quasi_gain, n5_Q2, "n5_m2_S0.95.h5", 2, 1000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(quasi_gain, n80_Q2, "n80_m20_S0.98.h5", 2, 40)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(quasi_gain, n5_Q3, "n5_m2_S0.95.h5", 3, 100)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(quasi_gain, n80_Q3, "n80_m20_S0.98.h5", 3, 10)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

// Slope of log error over log n by least squares, n = 2⁸, 2¹⁰, …, 2¹⁶: plain points have −0.5.
void quasi_order(benchmark::State& state, const char* name, Index l) {
  Skeleton skeleton(name, l);
  double slope = 0.0, gain = 0.0;
  for (auto _ : state) {
    const QuasiSampler sampler = skeleton.sampler();
    double products = 0.0, squares = 0.0, error = 0.0;
    for (int bits = 8; bits <= 16; bits += 2) {
      error = skeleton.quasi_error(sampler, bits, 64);
      const double x = bits - 12;  // the mean of the five
      products += x * std::log2(error);
      squares += x * x;
    }
    slope = products / squares;
    gain = skeleton.plain_deviation() / std::sqrt(0x1p16) / error;
  }
  state.counters["order"] = slope;
  state.counters["plain"] = -0.5;
  state.counters["error_ratio_2_16"] = gain;
}

void n5_order(benchmark::State& state) {
  quasi_order(state, "n5_m2_S0.95.h5", state.range(0));
}
void n80_order(benchmark::State& state) {
  quasi_order(state, "n80_m20_S0.98.h5", state.range(0));
}
BENCHMARK(n5_order)->DenseRange(1, 5)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(n80_order)->DenseRange(1, 6)->Iterations(1)->Unit(benchmark::kMillisecond);

// Drawing points alone, plain and quasi-random in one run: nanoseconds a point, the best of 20.
void draw_cost(benchmark::State& state) {
  using Clock = std::chrono::steady_clock;
  using Nanoseconds = std::chrono::duration<double, std::nano>;
  constexpr std::size_t block = 4096;
  const Index l = state.range(0);
  const auto width = static_cast<std::size_t>(l);
  const Skeleton skeleton("n80_m20_S0.98.h5", l);
  const QuasiSampler quasi = skeleton.sampler();
  const PointSampler plain(skeleton.features().density, l);
  auto plain_scratch = plain.scratch();
  auto scratch = quasi.scratch();
  SparseBatch batch;
  std::vector<std::int32_t> active(block * width);
  std::vector<double> value(block * width);
  double plain_best = 1e300, quasi_best = 1e300;
  for (auto _ : state) {
    const auto start = Clock::now();
    plain.draw(l, {}, 0, block, batch, plain_scratch);
    const auto middle = Clock::now();
    quasi.draw({}, 0, block, active, value, scratch);
    const auto end = Clock::now();
    plain_best = std::min(plain_best, Nanoseconds(middle - start).count() / block);
    quasi_best = std::min(quasi_best, Nanoseconds(end - middle).count() / block);
  }
  state.counters["plain_ns"] = plain_best;
  state.counters["quasi_ns"] = quasi_best;
}

BENCHMARK(draw_cost)->DenseRange(1, 6)->Iterations(20);

}  // namespace
}  // namespace skeleta::sampling
