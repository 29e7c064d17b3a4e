#include <benchmark/benchmark.h>

#include <memory>
#include <optional>
#include <vector>

#include "estimate/joint_moments.h"
#include "skeleta/core/exchange.h"
#include "skeleta/core/parallel.h"

// What every rank does for the chunks of all others: it unpacks their results and merges them, one
// by one. That part more ranks do not make faster; analysis/cluster.md builds on it.
namespace skeleta {
namespace {

// All ranks have found what this one has.
class Echo final : public Exchange {
 public:
  explicit Echo(int size) : size_(size) {}
  int rank() const override { return 0; }
  int size() const override { return size_; }
  void post(std::span<const std::byte> mine) override { mine_.assign(mine.begin(), mine.end()); }
  std::optional<std::vector<Bytes>> collect(bool) override {
    return std::vector<Bytes>(static_cast<std::size_t>(size_), mine_);
  }
  void broadcast(std::span<std::byte>) override {}
  std::unique_ptr<Exchange> group(int) override { return nullptr; }

 private:
  int size_;
  Bytes mine_;
};

void chunks_of_ranks(benchmark::State& state) {
  using estimate::JointMoments;
  constexpr std::size_t width = 1 + JointMoments::width(1);
  const auto count = static_cast<std::size_t>(64 * state.range(0));
  Echo echo(static_cast<int>(state.range(0)));
  Ranks ranks(echo);
  std::vector<double> values{0.5, 0.25, 1.5, 3.0, 0.0};
  double mean = 0.0;
  for (auto _ : state) {
    JointMoments all(1);
    for_each_chunk(
        count, width, 1,
        [&](std::size_t, std::span<double> result) {
          result[0] = 0.0;
          JointMoments::summarise(values, 1, result.subspan(1));
        },
        [&](std::size_t, std::span<const double> result) {
          all.merge(result.subspan(1));
          return true;
        });
    mean += all.output(0).mean;
  }
  benchmark::DoNotOptimize(mean);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
  state.counters["bytes_per_chunk"] =
      static_cast<double>(ranks.traffic().received) /
      (static_cast<double>(state.iterations()) * static_cast<double>(count));
}
BENCHMARK(chunks_of_ranks)
    ->Name("ranks/merging")
    ->ArgName("ranks")
    ->Arg(16)
    ->Arg(1000)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace skeleta
