#pragma once

#include <string>
#include <vector>

#include "skeleta/core/types.h"

namespace skeleta::training {

/// Which features a model represents, and how.
struct Phase {
  Index represented = 0;             ///< How many have |w_i| above the threshold.
  std::vector<bool> is_represented;  ///< By feature.
  Vector norm;                       ///< |w_i|, by feature.
  Vector dimensionality;             ///< D_i, by feature (geometry::feature_dimensionality).
  /// The D_i of the represented ones, grouped, in falling order: "5 x 2/5", "4 x 1/2 + 1 x 0.31",
  /// "none". Within .01 of 1 or of a named polytope's value that is written, otherwise two digits.
  std::string label;
};

/// The phase of d × D weights; a feature is represented if |w_i| > threshold. Between the norms of
/// features that are ignored (0) and those that are not (about 1) there is mostly nothing.
/// Throws std::invalid_argument if W is empty or not finite.
Phase phase_of(const Matrix& W, double threshold = 0.5);

}  // namespace skeleta::training
