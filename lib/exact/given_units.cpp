#include "exact/given_units.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace skeleta::exact {

Loss in_given_units(Loss loss, const ScaledFeatures& unit, const Options& options) {
  const bool zero = loss.value == 0.0 && loss.error_bound == 0.0;  // and is known to be
  for (double* number : {&loss.value, &loss.error_bound, &loss.gradient_error}) {
    *number = unit.restored(*number);
  }
  const double size = std::abs(loss.value);
  if (zero || !(size + loss.error_bound < std::numeric_limits<double>::min())) return loss;
  loss.error_bound += 2.0 * std::numeric_limits<double>::denorm_min();
  const double target = std::max(options.absolute_target, options.relative_target * size);
  if (loss.error_bound > target) loss.stop_reason = StopReason::nodes;
  return loss;
}

}  // namespace skeleta::exact
