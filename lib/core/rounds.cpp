#include "core/rounds.h"

#include <algorithm>
#include <vector>

#include "core/shared_loop.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/core/clock.h"
#include "skeleta/core/exchange.h"
#include "skeleta/core/parallel.h"

namespace skeleta {
namespace {

// One after the other, all ranks at each: the loops within are shared.
void one_by_one(std::size_t count, FunctionRef<void(std::size_t)> compute,
                FunctionRef<bool(std::size_t)> merge) {
  for (std::size_t k = 0; k < count; ++k) {
    poll();
    compute(k);
    if (!merge(k)) return;
  }
}

}  // namespace

// At first one item for each thread; then rounds grow or shrink towards a second or so.
void for_each_in_rounds(std::size_t count, int threads, FunctionRef<void(std::size_t)> compute,
                        FunctionRef<bool(std::size_t)> merge, const PassItem& pass) {
  Ranks* const ranks = Ranks::current();
  if (ranks != nullptr && !pass) return one_by_one(count, compute, merge);
  const bool few = ranks != nullptr && count < static_cast<std::size_t>(ranks->size());
  const auto here = static_cast<std::size_t>(resolve_threads(threads));
  const std::size_t least = ranks != nullptr ? ranks->workers() : here;
  std::size_t size = least;
  for (std::size_t first = 0; first < count;) {
    const double begin = monotonic_seconds();
    const std::size_t end = std::min(first + size, count);
    std::vector<char> finished(end - first, 0);
    const auto item = [&](std::size_t k) {
      compute(first + k);
      finished[k] = 1;
    };
    const auto pass_item = [&](Parcel& parcel, std::size_t k) {
      parcel(finished[k]);
      pass(parcel, first + k);
    };
    try {
      SharedLoop loop =
          few ? SharedLoop::by_groups(*ranks, finished.size(), threads, item)
              : SharedLoop(finished.size(), threads, [&](std::size_t k, std::size_t) { item(k); });
      loop.post(pass_item);
      loop.finish(pass_item);
    } catch (const Interrupted&) {
      for (const char one : finished) {
        if (one == 0 || !merge(first++)) break;
      }
      throw;
    }
    const double seconds = monotonic_seconds() - begin;
    if (seconds < 0.5) size *= 2;
    if (seconds > 2.0) size = std::max(size / 2, least);
    for (; first < end; ++first) {
      if (!merge(first)) return;
    }
  }
}

}  // namespace skeleta
