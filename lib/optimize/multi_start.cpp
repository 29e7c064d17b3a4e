#include "skeleta/optimize/multi_start.h"

#include <cmath>

#include "core/rounds.h"
#include "skeleta/core/cancellation.h"

namespace skeleta::optimize {

std::uint64_t for_each_start(const MultiStartOptions& options,
                             FunctionRef<void(std::uint64_t, sampling::PointStream&)> run,
                             FunctionRef<bool(std::uint64_t)> take,
                             const std::function<void(Parcel&, std::uint64_t)>& pass) {
  std::uint64_t finished = 0;
  const auto number = [&](std::size_t n) { return options.first + n * options.stride; };
  const auto compute = [&](std::size_t n) {
    const std::uint64_t k = number(n);
    sampling::PointStream random({.seed = options.seed, .purpose = sampling::Purpose::start}, k);
    run(k, random);
  };
  const auto merge = [&](std::size_t n) {
    finished = n + 1;
    return take(number(n));
  };
  PassItem pass_item;
  if (pass) pass_item = [&](Parcel& parcel, std::size_t n) { pass(parcel, number(n)); };
  try {
    for_each_in_rounds(options.starts, options.threads, compute, merge, pass_item);
  } catch (const Interrupted&) {
    // What was finished is a result.
  }
  return finished;
}

std::vector<Start> multi_start(const MultiStartOptions& options, RunStart run,
                               const StartCallback& callback) {
  std::vector<Start> starts(options.starts);
  const auto at = [&](std::uint64_t k) -> Start& {
    return starts[(k - options.first) / options.stride];
  };
  starts.resize(for_each_start(
      options,
      [&](std::uint64_t k, sampling::PointStream& random) {
        at(k).index = k;
        run(random, at(k));
      },
      [&](std::uint64_t k) { return !callback || callback(at(k)); }));
  return starts;
}

const Start* best(const std::vector<Start>& starts) {
  const Start* least = nullptr;
  for (const Start& start : starts) {
    if (!std::isfinite(start.summary.value)) continue;
    if (!least || start.summary.value < least->summary.value) least = &start;
  }
  return least;
}

}  // namespace skeleta::optimize
