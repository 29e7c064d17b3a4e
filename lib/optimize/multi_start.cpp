#include "skeleta/optimize/multi_start.h"

#include <cmath>

#include "skeleta/core/cancellation.h"
#include "skeleta/core/rounds.h"

namespace skeleta::optimize {

std::vector<Start> multi_start(const MultiStartOptions& options, RunStart run,
                               const StartCallback& callback) {
  std::vector<Start> starts(options.starts);
  std::size_t finished = 0;
  const auto compute = [&](std::size_t k) {
    starts[k].index = options.first + k;
    sampling::PointStream random({.seed = options.seed, .purpose = sampling::Purpose::start},
                                 starts[k].index);
    run(random, starts[k]);
  };
  const auto merge = [&](std::size_t k) {
    finished = k + 1;
    return !callback || callback(starts[k]);
  };
  try {
    for_each_in_rounds(starts.size(), options.threads, compute, merge);
  } catch (const Interrupted&) {
    // What was finished is a result.
  }
  starts.resize(finished);
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
