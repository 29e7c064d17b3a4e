#pragma once

#include <span>

#include "skeleta/core/types.h"
#include "skeleta/measure/features.h"

namespace skeleta::exact {

/// P(the active features are exactly those of a support) = Π_S p · Π_{others} (1 − p): from the sum
/// of the logarithms of 1 − p. Features with p = 1 are counted apart: all of them are in S, or it
/// is 0. Of features with groups: the coefficient of y^|S| of their generating function with y for
/// the features of S and 0 for all others, a sum without subtractions.
class Supports {
 public:
  explicit Supports(const Vector& density);
  explicit Supports(const Features& features);

  double probability(std::span<const Index> support) const;

 private:
  double in_groups(std::span<const Index> support) const;

  const Vector& density_;
  const ActivityTree* groups_ = nullptr;
  double log_none_ = 0.0;
  int certain_ = 0;
};

}  // namespace skeleta::exact
