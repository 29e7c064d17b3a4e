#pragma once

#include <cstddef>
#include <functional>

#include "skeleta/core/function_ref.h"
#include "skeleta/core/parcel.h"

namespace skeleta {

/// Packs or unpacks what the i-th item came to.
using PassItem = std::function<void(Parcel& parcel, std::size_t i)>;

/// Calls compute(i) for each i in [0, count) in parallel, and merge(i) for each in increasing order
/// on the caller's thread; merge returns whether to go on. For items that take long: merge hears of
/// a finished one after a second or so, not after all. What is computed and merged is the same for
/// any number of threads, except that some items beyond the last merged one may have been computed
/// when merge says stop. Exceptions reach the caller. Of work that is called off
/// (core/cancellation.h) the items that were finished are merged, up to the first that was not,
/// before Interrupted reaches the caller. Ranks (core/exchange.h) share the items of a round if
/// `pass` can hand them over; where there are fewer items than ranks, a group of ranks computes
/// each together (SharedLoop::by_groups). Without `pass` all ranks compute each together.
void for_each_in_rounds(std::size_t count, int threads, FunctionRef<void(std::size_t)> compute,
                        FunctionRef<bool(std::size_t)> merge, const PassItem& pass = {});

}  // namespace skeleta
