#include "storage/stop_reasons.h"

#include <limits>
#include <stdexcept>

#include "skeleta/measure/integral_by_skeleton.h"

namespace skeleta::storage {

// to_string(StopReason) is the only list of them; it refuses the first number that is none.
std::vector<std::string> stop_reason_names() {
  std::vector<std::string> names;
  try {
    for (int value = 0; value <= std::numeric_limits<std::int8_t>::max(); ++value) {
      names.push_back(to_string(static_cast<StopReason>(value)));
    }
  } catch (const std::logic_error&) {
  }
  return names;
}

}  // namespace skeleta::storage
