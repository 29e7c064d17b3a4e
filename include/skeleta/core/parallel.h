#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "skeleta/core/function_ref.h"

// Threads are a budget that is handed down. The outermost parallel loop has as many as it asks for;
// what one of its items does has the item's share of them, which grows when other items have ended:
// loops within loops ask for "all" (0) and get that. No result depends on any of it. They are
// TBB's, which a fork has not: there each loop starts its own. Nor can it wait for them when it
// ends: of what is to be done at its exit, it does what was registered after the first loop.
namespace skeleta {

/// Number of threads that a request means here. 0 is all there are: the share of the item of the
/// parallel loop that this thread works at, or the ThreadBudget, or the processors that the process
/// may use (it may be bound to some, or have a quota). n > 0 is n, but no more than a share or a
/// budget. Throws std::invalid_argument if `requested` < 0 or > 4096.
int resolve_threads(int requested);

/// How many of `threads` ≥ 1 threads this process may have, this one among them: a limit on
/// processes may forbid others. Found by starting them, once for the most that were ever asked for.
int possible_threads(int threads);

/// `requested`, or 1 for a loop that takes some `seconds` on one thread, too few to gain from more:
/// they take microseconds to call, and milliseconds where they are busy elsewhere.
int worthwhile_threads(double seconds, int requested);

/// While it lives, the parallel loops of the whole process have `threads` threads in all (0: as
/// resolve_threads), also more than there are processors; without one they never have more than
/// those. For programs, which make one; within another, it cannot give more than that has.
class ThreadBudget {
 public:
  /// Throws std::invalid_argument as resolve_threads does.
  explicit ThreadBudget(int threads);
  ~ThreadBudget();
  ThreadBudget(const ThreadBudget&) = delete;
  ThreadBudget& operator=(const ThreadBudget&) = delete;

 private:
  struct Control;
  std::unique_ptr<Control> control_;
  int outer_;
};

/// Calls body(i) for each i in [0, count), begun in increasing order, on up to `threads` threads
/// (as resolve_threads). Serial, and free of allocation, for one thread or one item; on fewer
/// threads where the process may not have so many. If calls of `body` throw, no new ones begin, and
/// when the running ones have ended the exception of the least i reaches the caller: the one of a
/// serial loop. Work that can be called off (core/cancellation.h) ends with Interrupted between two
/// calls.
void parallel_for(std::size_t count, int threads, FunctionRef<void(std::size_t)> body);

/// Likewise body(i, worker), worker < `threads` and < count: calls that run at the same time have
/// different ones, so that each may have a workspace.
void parallel_for(std::size_t count, int threads, FunctionRef<void(std::size_t, std::size_t)> body);

/// The house's only loop over chunks. compute(i, result) fills `width` doubles for chunk i, in
/// parallel; merge(i, result) receives them in increasing order of i on the caller's thread and
/// returns whether to go on. What merge sees is therefore the same for any number of threads.
/// Between waves of some 40 ms all threads wait for merge. Work that is called off ends with
/// Interrupted, after merges of the first chunks, in order. Memory: width doubles for each chunk in
/// flight (at most 64 per thread). Ranks (core/exchange.h) share the chunks of a wave and merge all
/// of them, in the same order; they compute the next wave while the results travel, so that some
/// chunks beyond the last merged one may have been computed when merge says stop. A wave is at most
/// 32 MiB then, or one chunk for each thread, and there are two.
void for_each_chunk(std::size_t count, std::size_t width, int threads,
                    FunctionRef<void(std::size_t, std::span<double>)> compute,
                    FunctionRef<bool(std::size_t, std::span<const double>)> merge);

}  // namespace skeleta
