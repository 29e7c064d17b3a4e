#include <benchmark/benchmark.h>

#include <string>

#include "skeleta/optimize/lbfgs.h"
#include "skeleta/training/objectives.h"
#include "skeleta/training/sampled_objective.h"
#include "skeleta/training/sweep.h"
#include "skeleta/training/train.h"

// Training. The counter `goal` is the time to beat in the unit of the row. PyTorch's figures behind
// the goals: AdamW, batch 1024, 10 000 steps, on the same machine; tests/bench/peers/training.py
// measures them beside these.
namespace skeleta::training {
namespace {

struct Size {
  Index features, hidden;
  double density;
};

constexpr Size pentagon{5, 2, 0.05}, middle{80, 20, 0.02}, large{400, 30, 0.01};

Features features_of(const Size& size) {
  return Features::uniform(size.features, size.density);
}

// The default training from some starts, on some threads.
void starts(benchmark::State& state, Size size, std::uint64_t count, double goal) {
  Options options;
  options.starts = count;
  options.threads = static_cast<int>(state.range(0));
  double pentagons = 0.0;
  for (auto _ : state) {
    const Training training = train(features_of(size), size.hidden, options);
    pentagons = static_cast<double>(training.minima.front().count());
  }
  state.counters["goal"] = goal;
  state.counters["at_best"] = pentagons;
}

// L-BFGS with the loose error targets of the first stage, from the default's start 0, until the
// loss is that with which PyTorch ends.
void time_to(benchmark::State& state, Size size, double loss, double goal) {
  exact::Options options;
  options.error_control = exact::ErrorControl::estimated;
  options.relative_target = 1e-5;
  options.gradient_target = 1e-4;
  options.threads = static_cast<int>(state.range(0));
  optimize::LbfgsOptions lbfgs;
  lbfgs.value_noise = options.relative_target;
  lbfgs.first_step = 0.1;
  const Vector start = initial_parameters(features_of(size), size.hidden, {}, 0);
  optimize::Summary summary;
  for (auto _ : state) {
    ExactObjective f(features_of(size), size.hidden, options);
    Vector x = start;
    summary = optimize::Lbfgs(lbfgs).minimize(
        f, x, [&](const optimize::Step& step) { return step.value > loss; });
  }
  state.counters["goal"] = goal;
  state.counters["steps"] = static_cast<double>(summary.iterations);
  state.counters["loss"] = summary.value;
}

// One step of AdamW at batch 1024; the mean over the first 1000 from the default start. Later ones
// are faster, as fewer outputs are positive.
void adam_step(benchmark::State& state, Size size, double goal) {
  constexpr std::uint64_t steps = 1000;
  optimize::DescentOptions options;
  options.weight_decay = 0.01;
  options.steps = steps;
  SampledObjective f(
      features_of(size), size.hidden,
      {.precision = estimate::Precision::float32, .threads = static_cast<int>(state.range(0))});
  const Vector start = initial_parameters(features_of(size), size.hidden, {}, 0);
  optimize::Descent descent(options);
  for (auto _ : state) {
    Vector x = start;
    benchmark::DoNotOptimize(descent.minimize(f, x).value);
  }
  state.counters["goal"] = goal * steps;
  state.counters["us/step"] = benchmark::Counter(
      steps * 1e-6, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

// Two features in one dimension: 40 × 40 densities and importances, 10 starts each.
void phase_diagram(benchmark::State& state) {
  SweepPlan plan;
  plan.features = {2};
  plan.hidden = {1};
  plan.importance_decay.clear();
  for (int k = 1; k <= 40; ++k) {
    plan.density.push_back(k / 40.0);
    plan.importance_decay.push_back(k / 40.0);
  }
  plan.training.starts = 10;
  plan.training.threads = static_cast<int>(state.range(0));
  double cells = 0.0;
  for (auto _ : state) {
    sweep(plan, {}, [&](const CellResult&) { return cells += 1.0, true; });
  }
  state.counters["goal"] = 30.0;
}

const int registered = [] {
  const auto add = [](const std::string& name, auto body, int threads, auto... arguments) {
    return benchmark::RegisterBenchmark(("training/" + name).c_str(), body, arguments...)
        ->Arg(threads)
        ->UseRealTime();
  };
  add("one_start/D5", starts, 1, pentagon, std::uint64_t{1}, 10.0)->Unit(benchmark::kMillisecond);
  add("1000_starts/D5", starts, 2, pentagon, std::uint64_t{1000}, 6.0)->Unit(benchmark::kSecond);
  add("time_to/D80", time_to, 2, middle, 0.06266, 1.4)->Unit(benchmark::kSecond);
  add("time_to/D400", time_to, 2, large, 0.57539, 15.6)->Unit(benchmark::kSecond);
  for (const int threads : {1, 2}) {
    add("adam_step/D80", adam_step, threads, middle, 0.14)->Unit(benchmark::kMillisecond);
    add("adam_step/D400", adam_step, threads, large, 0.78)->Unit(benchmark::kMillisecond);
  }
  add("phase_diagram/40x40", phase_diagram, 2)->Unit(benchmark::kSecond);
  return 0;
}();

}  // namespace
}  // namespace skeleta::training
