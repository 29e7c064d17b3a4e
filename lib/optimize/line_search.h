#pragma once

#include <cstdint>

#include "skeleta/core/function_ref.h"

/// A step along a line that satisfies the strong Wolfe conditions.
namespace skeleta::optimize {

/// φ and φ' at t.
struct LinePoint {
  double t = 0.0, value = 0.0, slope = 0.0;
};

/// The conditions of LbfgsOptions, for φ(0) and φ'(0) < 0 in `start`.
struct Wolfe {
  LinePoint start;
  double decrease, curvature, noise;  ///< noise: absolute

  bool low_enough(const LinePoint& p) const;
  bool flat_enough(const LinePoint& p) const;
};

struct LineSearchResult {
  LinePoint point;
  std::uint64_t evaluations = 0;
  bool found = false;
};

/// Looks for an acceptable t > 0, trying `first` to begin with. phi(t) returns φ(t), φ'(t); values
/// that are not finite count as too high. The last evaluated point is the one that is returned, so
/// its gradient need not be computed again.
LineSearchResult line_search(FunctionRef<LinePoint(double)> phi, const Wolfe& wolfe, double first,
                             std::uint64_t max_evaluations);

}  // namespace skeleta::optimize
