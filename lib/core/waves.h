#pragma once

#include <cstddef>

#include "skeleta/core/function_ref.h"
#include "skeleta/core/parcel.h"

namespace skeleta {

/// How many items are computed before they are merged: as many as take from `shortest` to `longest`
/// seconds, or so.
struct Pace {
  std::size_t least, most;  ///< Items.
  double shortest, longest;
};

/// What for_each_chunk and for_each_in_rounds have in common: compute(i) for each i in [0, count)
/// in parallel, some at once, a wave, then merge(i) for these, in order on the caller's thread; it
/// returns whether to go on. Of work that is called off (core/cancellation.h) the items that were
/// finished are merged, up to the first that was not, before Interrupted reaches the caller. Ranks
/// (core/exchange.h) share each wave by pass(parcel, i). They compute the next one while its
/// results travel, once waves are as long as they should be, so that they wait for none of them
/// that is late by less than a wave; what merge does not want any more is dropped. The items that
/// wait for merge are at most 2·most, one after the other.
void for_each_in_waves(std::size_t count, const Pace& pace, int threads,
                       FunctionRef<void(std::size_t i)> compute,
                       FunctionRef<bool(std::size_t i)> merge,
                       FunctionRef<void(Parcel& parcel, std::size_t i)> pass);

}  // namespace skeleta
