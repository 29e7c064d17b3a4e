#pragma once

#include <cstdint>
#include <vector>

#include "skeleta/measure/activity_tree.h"

namespace skeleta::sampling {

/// All supports of one size with a positive probability, one after the other.
struct TreeSupports {
  std::vector<std::int32_t> features;  ///< l for each support.
  std::vector<double> probability;     ///< P(support), not conditional.
};

/// How many supports of l features an activity tree has; infinite in effect beyond 2⁵³.
double count_supports(const ActivityTree& tree, Index l);

/// Lists them, part by part of the tree's circuit. Memory and time some log D times their number.
TreeSupports list_supports(const ActivityTree& tree, Index l);

}  // namespace skeleta::sampling
