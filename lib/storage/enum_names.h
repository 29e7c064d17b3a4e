#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace skeleta::storage {

/// The names of an enumeration whose to_string refuses the first number that is none: the only list
/// of them.
template <class Enum>
std::vector<std::string> enum_names() {
  std::vector<std::string> names;
  try {
    for (int value = 0; value < 128; ++value) names.push_back(to_string(static_cast<Enum>(value)));
  } catch (const std::logic_error&) {
  }
  return names;
}

}  // namespace skeleta::storage
