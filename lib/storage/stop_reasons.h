#pragma once

#include <string>
#include <vector>

namespace skeleta::storage {

/// The names of all values of StopReason, in order: the flags of /loss/stop_reason.
std::vector<std::string> stop_reason_names();

}  // namespace skeleta::storage
