#include "skeleta/optimize/multi_start.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "skeleta/core/parallel.h"

namespace skeleta::optimize {
namespace {

// How many starts go between two rounds of callbacks: at first one for each thread, then as many
// as take a second or so. The result does not depend on it.
class Rounds {
 public:
  explicit Rounds(int threads)
      : least_(static_cast<std::size_t>(resolve_threads(threads))), size_(least_) {}

  std::size_t size() {
    const auto now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - std::exchange(last_, now)).count();
    if (std::exchange(first_, false)) return size_;
    if (seconds < 0.5) size_ *= 2;
    if (seconds > 2.0) size_ = std::max(size_ / 2, least_);
    return size_;
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::size_t least_, size_;
  Clock::time_point last_ = Clock::now();
  bool first_ = true;
};

}  // namespace

std::vector<Start> multi_start(const MultiStartOptions& options, RunStart run,
                               const StartCallback& callback) {
  std::vector<Start> starts(options.starts);
  Rounds rounds(options.threads);
  for (std::size_t first = 0; first < starts.size();) {
    const std::size_t count = std::min(rounds.size(), starts.size() - first);
    parallel_for(count, options.threads, [&](std::size_t k) {
      Start& start = starts[first + k];
      start.index = options.first + first + k;
      sampling::PointStream random({.seed = options.seed, .purpose = sampling::Purpose::start},
                                   start.index);
      run(random, start);
    });
    for (const std::size_t end = first + count; first < end; ++first) {
      if (!callback || callback(starts[first])) continue;
      starts.resize(first + 1);
      return starts;
    }
  }
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
