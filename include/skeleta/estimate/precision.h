#pragma once

#include <cstdint>
#include <string>

namespace skeleta::estimate {

/// The arithmetic at a point. Values are drawn, and results returned and summed up, in float64
/// either way.
enum class Precision : std::int8_t { float64, float32 };

/// "float64", "float32".
std::string to_string(Precision precision);

}  // namespace skeleta::estimate
