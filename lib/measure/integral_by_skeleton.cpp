#include "skeleta/measure/integral_by_skeleton.h"

#include <stdexcept>

namespace skeleta {

std::string to_string(StopReason reason) {
  switch (reason) {
    case StopReason::exact:
      return "exact";
    case StopReason::samples:
      return "samples";
    case StopReason::precision:
      return "precision";
    case StopReason::max_samples:
      return "max_samples";
    case StopReason::interrupted:
      return "interrupted";
    case StopReason::nodes:
      return "nodes";
    case StopReason::non_finite:
      return "non_finite";
    case StopReason::unresolved:
      return "unresolved";
    case StopReason::max_seconds:
      return "max_seconds";
    case StopReason::unreliable:
      return "unreliable";
  }
  throw std::logic_error("unknown StopReason");
}

}  // namespace skeleta
