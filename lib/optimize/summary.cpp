#include "skeleta/optimize/summary.h"

#include <stdexcept>

namespace skeleta::optimize {

std::string to_string(StopReason reason) {
  switch (reason) {
    case StopReason::gradient:
      return "gradient";
    case StopReason::value:
      return "value";
    case StopReason::iterations:
      return "iterations";
    case StopReason::evaluations:
      return "evaluations";
    case StopReason::line_search:
      return "line_search";
    case StopReason::non_finite:
      return "non_finite";
    case StopReason::interrupted:
      return "interrupted";
  }
  throw std::logic_error("unknown StopReason");
}

}  // namespace skeleta::optimize
