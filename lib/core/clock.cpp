#include "skeleta/core/clock.h"

#include <chrono>

namespace skeleta {

double monotonic_seconds() {
  using std::chrono::steady_clock;
  return std::chrono::duration<double>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace skeleta
