#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "skeleta/measure/data_law.h"

namespace skeleta::sampling {

/// Makes values of uniform numbers: that of feature j becomes the quantile of its law. Nothing is
/// touched if all laws are uniform on [0, 1], as they are without any.
class ValueMap {
 public:
  ValueMap() = default;
  /// One law for each feature.
  explicit ValueMap(std::vector<ValueLaw> laws) : laws_(std::move(laws)) {
    if (std::ranges::all_of(laws_, [](const ValueLaw& law) { return law == ValueLaw(); })) {
      laws_.clear();
    }
  }

  /// value[k] belongs to feature active[k].
  void apply(std::span<const std::int32_t> active, std::span<double> value) const {
    if (laws_.empty()) return;
    for (std::size_t k = 0; k < value.size(); ++k) {
      value[k] = laws_[static_cast<std::size_t>(active[k])].quantile(value[k]);
    }
  }

 private:
  std::vector<ValueLaw> laws_;
};

}  // namespace skeleta::sampling
