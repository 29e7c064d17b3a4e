#pragma once

#include <functional>

namespace skeleta {

/// Seconds since some moment in the past. What asks the time takes one of these as an option, so
/// that tests can bring a clock of their own and do not depend on how fast they run.
using Clock = std::function<double()>;

/// The clock of the machine; it never goes back. Where ranks share the work (core/exchange.h) it is
/// that of the first of them, and stands still between two exchanges.
double monotonic_seconds();

}  // namespace skeleta
