#pragma once

#include <cstddef>
#include <span>

#include "skeleta/core/function_ref.h"

namespace skeleta {

/// Number of threads that a request means: 0 is all cores, n > 0 is n.
/// Throws std::invalid_argument if `requested` < 0 or > 4096.
int resolve_threads(int requested);

/// How many of `threads` ≥ 1 threads this process may have, this one among them: a limit on
/// processes may forbid others. Found by starting them, once for the most that were ever asked for.
int possible_threads(int threads);

/// Calls body(i) for each i in [0, count), in any order, on up to `threads` threads (0: all cores).
/// Serial, and free of allocation, for one thread or one item; on fewer threads where the process
/// may not have so many. An exception thrown by `body` reaches the caller after the running calls
/// have ended. Work that can be called off (core/cancellation.h) ends with Interrupted between two
/// calls.
void parallel_for(std::size_t count, int threads, FunctionRef<void(std::size_t)> body);

/// The house's only loop over chunks. compute(i, result) fills `width` doubles for chunk i, in
/// parallel; merge(i, result) receives them in increasing order of i on the caller's thread and
/// returns whether to go on. What merge sees is therefore the same for any number of threads.
/// Between waves of some 40 ms all threads wait for merge. Work that is called off ends with
/// Interrupted, after merges of the first chunks, in order. Memory: width doubles for each chunk in
/// flight (at most 64 per thread).
void for_each_chunk(std::size_t count, std::size_t width, int threads,
                    FunctionRef<void(std::size_t, std::span<double>)> compute,
                    FunctionRef<bool(std::size_t, std::span<const double>)> merge);

}  // namespace skeleta
