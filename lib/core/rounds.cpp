#include "core/rounds.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "skeleta/core/cancellation.h"
#include "skeleta/core/parallel.h"

namespace skeleta {

// At first one item for each thread; then rounds grow or shrink towards a second or so.
void for_each_in_rounds(std::size_t count, int threads, FunctionRef<void(std::size_t)> compute,
                        FunctionRef<bool(std::size_t)> merge) {
  using Clock = std::chrono::steady_clock;
  const auto least = static_cast<std::size_t>(resolve_threads(threads));
  std::size_t size = least;
  for (std::size_t first = 0; first < count;) {
    const auto begin = Clock::now();
    const std::size_t end = std::min(first + size, count);
    std::vector<char> finished(end - first, 0);
    try {
      parallel_for(finished.size(), threads, [&](std::size_t k) {
        compute(first + k);
        finished[k] = 1;
      });
    } catch (const Interrupted&) {
      for (const char one : finished) {
        if (one == 0 || !merge(first++)) break;
      }
      throw;
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    if (seconds < 0.5) size *= 2;
    if (seconds > 2.0) size = std::max(size / 2, least);
    for (; first < end; ++first) {
      if (!merge(first)) return;
    }
  }
}

}  // namespace skeleta
