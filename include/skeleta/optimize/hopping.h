#pragma once

#include <cstdint>

#include "skeleta/core/function_ref.h"
#include "skeleta/core/types.h"

namespace skeleta::optimize {

/// When a walk ends, and which values are the same.
struct HoppingOptions {
  std::uint64_t patience = 30;  ///< It ends after so many hops in a row that lead no lower, ≥ 1,
  std::uint64_t most = 10'000;  ///< and after so many at all.
  double tolerance = 1e-6;      ///< Lower: by more than this times the larger |value|.
};

/// How a walk went.
struct Walk {
  double value = 0.0;        ///< Where it ended: the least that it met.
  std::uint64_t hops = 0;    ///< How many there were,
  std::uint64_t lower = 0;   ///< how many led lower,
  std::uint64_t met = 0;     ///< and how many ended at the last value again.
  std::uint64_t failed = 0;  ///< How many ended at no finite value.
};

/// One hop: from `here` by a move and a descent to `there`, which has the size of `here`; returns
/// the value there, or what is not finite if there is none.
using Hop = FunctionRef<double(const Vector& here, Vector& there)>;

/// Basin hopping (Wales & Doye, J. Phys. Chem. A 101 (1997) 5111) that only goes down: hop after
/// hop from the lowest point so far. `x`, of this value, is a minimum that a descent ended in, and
/// is the lowest one at the end. What is not finite is never lower. Cost: hops; memory 2 vectors.
/// Throws std::invalid_argument if patience = 0 or the tolerance is negative or NaN.
Walk walk(const HoppingOptions& options, double value, Vector& x, Hop hop);

}  // namespace skeleta::optimize
