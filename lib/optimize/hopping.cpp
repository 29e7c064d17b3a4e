#include "skeleta/optimize/hopping.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/require.h"

namespace skeleta::optimize {

Walk walk(const HoppingOptions& options, double value, Vector& x, Hop hop) {
  require(options.patience >= 1, "patience = 0 must be at least 1");
  require(options.tolerance >= 0.0,
          fmt::format("tolerance = {} must not be negative", options.tolerance));
  Walk walk;
  walk.value = value;
  Vector there = x;
  std::uint64_t in_vain = 0;
  while (in_vain < options.patience && walk.hops < options.most) {
    const double next = hop(x, there);
    ++walk.hops;
    ++in_vain;
    if (!std::isfinite(next)) {
      ++walk.failed;
      continue;
    }
    const double same =
        options.tolerance * std::max(std::abs(next), std::isfinite(value) ? std::abs(value) : 0.0);
    if (std::isfinite(value) && next >= value - same) {
      walk.met += next <= value + same;
      continue;
    }
    value = walk.value = next;
    std::swap(x, there);
    ++walk.lower;
    walk.met = in_vain = 0;
  }
  return walk;
}

}  // namespace skeleta::optimize
