#pragma once

#include <cstdint>

#include "skeleta/core/names.h"

namespace skeleta::estimate {

using skeleta::to_string;

/// The arithmetic at a point. Values are drawn, and results returned and summed up, in float64
/// either way.
enum class Precision : std::int8_t { float64, float32 };

constexpr auto names_of(Precision) {
  return std::to_array<std::string_view>({"float64", "float32"});
}

}  // namespace skeleta::estimate
