#include "core/rounds.h"

#include <algorithm>
#include <vector>

#include "core/shared_loop.h"
#include "core/waves.h"
#include "skeleta/core/cancellation.h"
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

// All at once, a group of ranks at each.
void by_groups(Ranks& ranks, std::size_t count, int threads, FunctionRef<void(std::size_t)> compute,
               FunctionRef<bool(std::size_t)> merge, const PassItem& pass) {
  std::vector<char> finished(count, 0);
  const auto pass_item = [&](Parcel& parcel, std::size_t k) {
    finished[k] = 1;
    pass(parcel, k);
  };
  const auto merge_finished = [&] {
    for (std::size_t k = 0; k < count && finished[k] != 0; ++k) {
      if (!merge(k)) break;
    }
  };
  SharedLoop loop = SharedLoop::by_groups(ranks, count, threads, compute);
  loop.post(pass_item);
  try {
    loop.finish(pass_item);
  } catch (const Interrupted&) {
    merge_finished();
    throw;
  }
  merge_finished();
}

}  // namespace

// At first one item for each thread; then rounds grow or shrink towards a second or so.
void for_each_in_rounds(std::size_t count, int threads, FunctionRef<void(std::size_t)> compute,
                        FunctionRef<bool(std::size_t)> merge, const PassItem& pass) {
  Ranks* const ranks = Ranks::current();
  if (ranks != nullptr && !pass) return one_by_one(count, compute, merge);
  if (ranks != nullptr && count < static_cast<std::size_t>(ranks->size())) {
    return by_groups(*ranks, count, threads, compute, merge, pass);
  }
  const auto here = static_cast<std::size_t>(resolve_threads(threads));
  const std::size_t least = ranks != nullptr ? ranks->workers() : here;
  for_each_in_waves(count, {least, std::max(least, count), 0.5, 2.0}, threads, compute, merge,
                    [&](Parcel& parcel, std::size_t k) { pass(parcel, k); });
}

}  // namespace skeleta
