#pragma once

#include <span>

#include "skeleta/core/types.h"

namespace skeleta::exact {

/// P(the active features are exactly those of a support) = Π_S p · Π_{others} (1 − p): from the sum
/// of the logarithms of 1 − p. Features with p = 1 are counted apart: all of them are in S, or it
/// is 0.
class Supports {
 public:
  explicit Supports(const Vector& density);

  double probability(std::span<const Index> support) const;

 private:
  const Vector& density_;
  double log_none_ = 0.0;
  int certain_ = 0;
};

}  // namespace skeleta::exact
