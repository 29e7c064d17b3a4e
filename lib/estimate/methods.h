#pragma once

#include <span>

#include "estimate/setup.h"
#include "skeleta/estimate/methods.h"

namespace skeleta::estimate {

/// All that the rest of the library knows of a sampling method.
struct MethodRecord : MethodInfo {
  bool by_skeleton;  ///< Else it takes all skeletons together and knows nothing of them.
  /// Nominal cost of drawing a point with one active feature, measured on one core.
  double (*draw_nanoseconds)(const DataLaw& data);
  /// Nominal time of its set-up, where `automatic` should not look at it if another method is done
  /// before.
  double (*set_up_seconds)(Index features);
  /// Runs its pilot. `survey`: of points of the data's law on every skeleton, the same for all
  /// methods by skeleton. Throws Interrupted.
  Setup (*set_up)(const Problem& problem, const Survey& survey);
};

/// In the order in which `automatic` looks at them: of equally fast ones it takes the first.
std::span<const MethodRecord> method_records();

/// Of a method that is not `automatic`.
const MethodRecord& record_of(Method method);

}  // namespace skeleta::estimate
