#include "skeleta/core/clock.h"

#include <chrono>

#include "skeleta/core/exchange.h"

namespace skeleta {

double monotonic_seconds() {
  if (const Ranks* const ranks = Ranks::current()) return ranks->seconds();
  using std::chrono::steady_clock;
  return std::chrono::duration<double>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace skeleta
