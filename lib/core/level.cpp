#include "core/level.h"

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

namespace skeleta {
namespace {

#ifdef SKELETA_ONE_LEVEL
Level find_level() {
  return Level::native;
}
#else
Level best_level() {
  if (__builtin_cpu_supports("x86-64-v4")) return Level::v4;
  return __builtin_cpu_supports("x86-64-v3") ? Level::v3 : Level::v2;
}

Level find_level() {
  const Level best = best_level();
  const char* const asked = std::getenv("SKELETA_ISA");
  if (asked == nullptr || *asked == '\0') return best;
  for (const Level level : {Level::v2, Level::v3, Level::v4}) {
    if (level <= best && asked == to_string(level)) return level;
  }
  throw std::invalid_argument(
      fmt::format("SKELETA_ISA is {}: this processor has v2 to {}", asked, to_string(best)));
}
#endif

}  // namespace

Level level_in_use() {
  static const Level level = find_level();
  return level;
}

}  // namespace skeleta
