#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "skeleta/core/function_ref.h"
#include "skeleta/core/parcel.h"
#include "skeleta/core/types.h"
#include "skeleta/optimize/summary.h"
#include "skeleta/sampling/stream.h"

namespace skeleta::optimize {

/// Which starts to make, and how many at a time.
struct MultiStartOptions {
  std::uint64_t starts = 1;  ///< How many.
  std::uint64_t first = 0;   ///< The number of the first one: a run can be continued,
  std::uint64_t stride = 1;  ///< and divided: starts first, first + stride, first + 2 stride, …
  std::uint64_t seed = 1;    ///< Of the random numbers of all starts.
  int threads = 0;           ///< 0: all cores. Never changes a bit of the result.
};

/// Calls run(k, random) for each start k, in parallel, with the random numbers of (seed,
/// Purpose::start, k), so that its end does not depend on the other starts; and take(k) on the
/// caller's thread for each finished one, in order, which returns whether to go on. Returns how
/// many were taken before it said stop, or the work was called off (core/cancellation.h). Ranks
/// (core/exchange.h) share the starts if `pass` can hand over the end of the k-th; where there are
/// fewer starts than ranks, a group of ranks makes each together; without `pass` all do.
std::uint64_t for_each_start(const MultiStartOptions& options,
                             FunctionRef<void(std::uint64_t k, sampling::PointStream& random)> run,
                             FunctionRef<bool(std::uint64_t k)> take,
                             const std::function<void(Parcel& parcel, std::uint64_t k)>& pass = {});

/// The end of one start.
struct Start {
  std::uint64_t index = 0;  ///< Which start it was.
  Vector x;                 ///< Where it ended.
  Summary summary;          ///< How it ended.
};

/// Draws a point to start from and minimises: fills `start.x` and `start.summary`. The random words
/// are those of this start alone. Called from several threads at once.
using RunStart = FunctionRef<void(sampling::PointStream& random, Start& start)>;

/// Called on the caller's thread for each finished start, in order; returns whether to go on.
using StartCallback = std::function<bool(const Start&)>;

/// Minimises from many starts by for_each_start. Returns those that were finished, in order.
std::vector<Start> multi_start(const MultiStartOptions& options, RunStart run,
                               const StartCallback& callback = {});

/// The one with the least finite value, the first if several have it; null if none is finite.
const Start* best(const std::vector<Start>& starts);

}  // namespace skeleta::optimize
