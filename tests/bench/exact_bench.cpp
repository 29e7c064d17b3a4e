#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "skeleta/estimate/skeleton_loss.h"
#include "skeleta/exact/loss.h"
#include "skeleta/exact/low_skeletons.h"
#include "skeleta/storage/model_file.h"

// The exact loss and its gradient to 1e-8. Counters: `goal` is the time to beat in the unit of the
// row, `ns/factor` the time for one complex factor, `nodes` the most nodes of an output.
namespace skeleta::exact {
namespace {

struct Size {
  Index features, hidden;
  double density;
};

Autoencoder unit_columns(const Size& size) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  Autoencoder model{Matrix(size.hidden, size.features), Vector(size.features)};
  for (double& w : model.W.reshaped()) w = normal(random);
  model.W.colwise().normalize();
  for (double& b : model.b) b = 0.1 * normal(random);
  return model;
}

Options options_for(ErrorControl control, int threads) {
  Options options;
  options.error_control = control;
  options.threads = threads;
  return options;
}

template <class Body>
double seconds_of(Body&& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void report(benchmark::State& state, const Loss& loss, double goal_microseconds) {
  state.counters["goal_us"] = goal_microseconds;
  state.counters["nodes"] = static_cast<double>(loss.nodes);
  state.counters["met"] = loss.met_target();
  state.counters["ns/factor"] =
      benchmark::Counter(loss.factors * 1e-9, benchmark::Counter::kIsIterationInvariantRate |
                                                  benchmark::Counter::kInvert);
}

void loss_time(benchmark::State& state, Size size, ErrorControl control, double goal) {
  const auto model = unit_columns(size);
  const auto features = Features::uniform(size.features, size.density);
  const auto threads = static_cast<int>(state.range(0));
  Evaluator evaluator(features, options_for(control, threads));
  Loss result;
  double seconds = 0.0;
  for (auto _ : state) seconds += seconds_of([&] { result = evaluator.loss(model); });
  report(state, result, goal);
  if (control == ErrorControl::rigorous) {  // how many times the estimated control's time
    Evaluator cheap(features, options_for(ErrorControl::estimated, threads));
    cheap.loss(model);
    const double least =
        std::min(seconds_of([&] { cheap.loss(model); }), seconds_of([&] { cheap.loss(model); }));
    state.counters["of_estimated"] = seconds / static_cast<double>(state.iterations()) / least;
  }
}

// Other laws and models, rigorous, and how many times the time of plain features and a tied model
// they take.
enum class Other { together, exclusive, parents, half_normal, normal, untied };
constexpr const char* others[] = {"together",    "exclusive", "parents",
                                  "half_normal", "normal",    "untied"};

Features features_of(Other other, const Size& size) {
  std::vector<ActivityNodes> pieces;
  const auto value = other == Other::half_normal ? ValueLaw::half_normal(0.5)
                     : other == Other::normal    ? ValueLaw::normal(0.5, 0.3)
                                                 : ValueLaw();
  for (Index j = 0; j + 1 < size.features; j += 2) {
    const Index pair[] = {j, j + 1};
    const auto feature = [&](Index k) { return activity::feature(k, size.density); };
    pieces.push_back(other == Other::together    ? activity::together(pair, size.density)
                     : other == Other::exclusive ? activity::exclusive({feature(j), feature(j + 1)})
                     : other == Other::parents
                         ? activity::parent(j, size.density, {activity::feature(j + 1, 0.5)})
                         : activity::join({feature(j), feature(j + 1)}));
  }
  return Features::of({ActivityTree(activity::join(pieces)),
                       std::vector<ValueLaw>(static_cast<std::size_t>(size.features), value)},
                      Vector::Ones(size.features));
}

void other_time(benchmark::State& state, Size size, Other other) {
  auto model = unit_columns(size);
  Evaluator plain(Features::uniform(size.features, size.density), {});
  plain.loss(model);
  const double least =
      std::min(seconds_of([&] { plain.loss(model); }), seconds_of([&] { plain.loss(model); }));
  if (other == Other::untied) model.W_out = model.W.transpose();
  Evaluator evaluator(features_of(other, size), {});
  Loss result;
  double seconds = 0.0;
  for (auto _ : state) seconds += seconds_of([&] { result = evaluator.loss(model); });
  report(state, result, 0.0);
  state.counters["of_plain"] = seconds / static_cast<double>(state.iterations()) / least;
}

void gradient_time(benchmark::State& state, Size size, double goal) {
  const auto model = unit_columns(size);
  const auto features = Features::uniform(size.features, size.density);
  Evaluator evaluator(features,
                      options_for(ErrorControl::estimated, static_cast<int>(state.range(0))));
  Loss result;
  Gradient gradient;
  for (auto _ : state) result = evaluator.loss_and_gradient(model, gradient);
  report(state, result, goal);
}

// All skeletons above the floor, and Q0…Q2 only.
void skeleton_time(benchmark::State& state, Size size) {
  const auto model = unit_columns(size);
  const auto features = Features::uniform(size.features, size.density);
  Options options = options_for(ErrorControl::rigorous, 1);
  if (state.range(0) >= 0) options.skeletons = state.range(0);
  std::size_t listed = 0;
  for (auto _ : state) listed = skeleton_loss(model, features, options).skeletons.size();
  state.counters["listed"] = static_cast<double>(listed);
}

void low_skeleton_time(benchmark::State& state, Size size) {
  const auto model = unit_columns(size);
  const auto features = Features::uniform(size.features, size.density);
  for (auto _ : state) {
    benchmark::DoNotOptimize(skeleton_part(model, features, state.range(0)).mean);
  }
  state.counters["model_us"] =
      1e-3 * skeleton_part_cost(size.features, size.hidden, state.range(0));
}

// A shipped trained model: the exact loss to 1e-8, and how much longer plain sampling would take to
// a standard error of 1e-8 (its rate and variance measured on a short run).
void against_sampling(benchmark::State& state, const std::string& name) {
  const auto file = storage::read_models(SKELETA_SOURCE_DIR "/data/trained/" + name + ".h5");
  const Autoencoder& model = file.models.front();
  Features features = Features::uniform(model.features(), 0.0);
  features.density = file.density.front();
  const Options options = options_for(ErrorControl::rigorous, 1);
  Evaluator evaluator(features, options);
  Loss result;
  for (auto _ : state) result = evaluator.loss(model);
  report(state, result, 0.0);

  estimate::Options sampling;
  sampling.method = estimate::Method::plain;
  sampling.samples = 400'000;
  sampling.threads = 1;
  double relative_error = 0.0;
  const double sampled = seconds_of([&] {
    const auto estimate = estimate::skeleton_loss(model, features, sampling);
    relative_error = estimate.standard_error / estimate.value;
  });
  const double exact = seconds_of([&] { result = evaluator.loss(model); });
  const double years = 365.25 * 86400.0;
  const double needed = sampled * std::pow(relative_error / options.relative_target, 2);
  state.counters["sampling_years"] = needed / years;
  state.counters["times_faster"] = needed / exact;
}

constexpr Size sizes[] = {
    {5, 2, .05}, {20, 5, .05}, {80, 20, .02}, {400, 30, .01}, {2000, 100, .002}};
constexpr double loss_goals[] = {12, 150, 1200, 20'000, 600'000};
constexpr double gradient_goals[] = {40, 600, 5000, 80'000, 2'500'000};
constexpr const char* shipped[] = {"n5_m2_S0.95",   "n5_m2_S0.75",    "n20_m5_S0.95",
                                   "n80_m20_S0.98", "n200_m20_S0.95", "n400_m30_S0.99"};

std::string title(const char* what, const Size& size) {
  return std::string(what) + "/D" + std::to_string(size.features);
}

// The goals are for one core up to D = 80, for two beyond.
const int registered = [] {
  for (std::size_t n = 0; n < std::size(sizes); ++n) {
    const Size size = sizes[n];
    const int cores = size.features <= 80 ? 1 : 2;
    const auto add = [&](benchmark::internal::Benchmark* b) {
      b->Arg(cores)->UseRealTime()->Unit(benchmark::kMicrosecond);
    };
    add(benchmark::RegisterBenchmark(title("loss", size).c_str(), loss_time, size,
                                     ErrorControl::estimated, loss_goals[n]));
    add(benchmark::RegisterBenchmark(title("loss_and_gradient", size).c_str(), gradient_time, size,
                                     gradient_goals[n]));
    add(benchmark::RegisterBenchmark(title("loss_rigorous", size).c_str(), loss_time, size,
                                     ErrorControl::rigorous, 0.0));
    if (size.features > 400) continue;
    benchmark::RegisterBenchmark(title("skeleton_loss", size).c_str(), skeleton_time, size)
        ->Arg(-1)
        ->Arg(2)
        ->Unit(benchmark::kMicrosecond);
    benchmark::RegisterBenchmark(title("skeleton_part", size).c_str(), low_skeleton_time, size)
        ->Arg(1)
        ->Arg(2)
        ->Unit(benchmark::kMicrosecond);
  }
  for (std::size_t n = 0; n < std::size(others); ++n) {
    benchmark::RegisterBenchmark((std::string("loss_of_other/") + others[n]).c_str(), other_time,
                                 Size{80, 20, .02}, static_cast<Other>(n))
        ->Unit(benchmark::kMicrosecond);
  }
  for (const char* name : shipped) {
    benchmark::RegisterBenchmark((std::string("against_sampling/") + name).c_str(),
                                 against_sampling, std::string(name))
        ->Unit(benchmark::kMicrosecond);
  }
  return 0;
}();

}  // namespace
}  // namespace skeleta::exact
