#pragma once

#include <cstddef>

#include "skeleta/core/function_ref.h"
#include "skeleta/core/parcel.h"

namespace skeleta {

/// parallel_for (core/parallel.h), whose items are shared where there are ranks
/// (core/exchange.h): item i is computed by rank i mod their number, whose pass(parcel, i) packs
/// what it came to, and everybody else's unpacks that. All have the same results then, or throw the
/// same: the exception of the least item that threw, or Interrupted if the work was called off on
/// some rank, in which case the items that were finished are passed on.
void for_each_shared(std::size_t count, int threads,
                     FunctionRef<void(std::size_t i, std::size_t worker)> body,
                     FunctionRef<void(Parcel& parcel, std::size_t i)> pass);

}  // namespace skeleta
