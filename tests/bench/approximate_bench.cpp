#include <benchmark/benchmark.h>

#include "skeleta/training/certificate.h"

// The certificate of `skeleta approximate --train`. The counter `goal` is the time to beat in the
// unit of the row, the issue's.
namespace skeleta::training {
namespace {

void certificate_time(benchmark::State& state) {
  CertificateOptions options;
  options.most = 3;
  options.threads = static_cast<int>(state.range(0));
  Certificate result;
  for (auto _ : state) result = certificate(Features::uniform(6, 0.1), 2, options);
  state.counters["goal"] = 5.0;
  state.counters["excess"] = result.rows.front().excess / result.minimum.value;
}
BENCHMARK(certificate_time)->Arg(1)->Arg(2)->Unit(benchmark::kSecond)->UseRealTime();

void curve_time(benchmark::State& state) {
  constexpr int count = 30;
  CertificateOptions options;
  options.most = 1;
  options.threads = static_cast<int>(state.range(0));
  for (auto _ : state) {
    for (int n = 0; n < count; ++n) {
      const double density = 0.5 - 0.48 * n / (count - 1);
      benchmark::DoNotOptimize(certificate(Features::uniform(6, density), 2, options));
    }
  }
  state.counters["goal"] = 180.0;
}
BENCHMARK(curve_time)->Arg(2)->Iterations(1)->Unit(benchmark::kSecond)->UseRealTime();

}  // namespace
}  // namespace skeleta::training
