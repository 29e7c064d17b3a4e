#pragma once

#include <stdexcept>
#include <string>

namespace skeleta {

/// Throws std::invalid_argument with this message unless `holds`.
inline void require(bool holds, const std::string& message) {
  if (!holds) throw std::invalid_argument(message);
}

}  // namespace skeleta
