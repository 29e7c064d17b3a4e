#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "core/failure.h"
#include "skeleta/core/exchange.h"
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

/// The same in steps, so that results can travel while this rank goes on with another loop.
class SharedLoop {
 public:
  /// Computes this rank's items; finish() throws what they threw (without ranks they throw here).
  SharedLoop(std::size_t count, int threads,
             FunctionRef<void(std::size_t i, std::size_t worker)> body);
  /// For fewer items than ranks: those ≡ i modulo `count`, a group, make item i together, by the
  /// shared loops in body(i), so that these know of no other group.
  static SharedLoop by_groups(Ranks& ranks, std::size_t count, int threads,
                              FunctionRef<void(std::size_t i)> body);
  /// Begins to hand the items over. One loop at a time is between this and its finish().
  void post(FunctionRef<void(Parcel& parcel, std::size_t i)> pass);
  /// Waits for those of all others.
  void finish(FunctionRef<void(Parcel& parcel, std::size_t i)> pass);

 private:
  /// What one rank tells the others of its items, apart from their results.
  struct Report {
    std::size_t failed = std::numeric_limits<std::size_t>::max();  // the least item that threw
    Failure failure{};
    std::vector<char> finished{};

    void travel(Parcel& parcel);
    void note_failure(std::size_t item);
  };

  SharedLoop(Ranks* ranks, std::size_t count);
  void compute(int threads, FunctionRef<void(std::size_t, std::size_t)> body);
  void compute_together(Ranks& group, std::size_t item, FunctionRef<void(std::size_t)> body);

  std::size_t count_;
  Ranks* ranks_;
  Report own_;
};

}  // namespace skeleta
