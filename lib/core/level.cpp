#include "core/level.h"

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

namespace skeleta {
namespace {

#ifdef SKELETA_ONE_LEVEL
Level find_level() {
  return Level::native;
}
#else
/// Those that were built and that the processor has, best first.
std::vector<Level> usable_levels() {
  std::vector<Level> levels;
#ifndef SKELETA_WITHOUT_V4
  if (__builtin_cpu_supports("x86-64-v4")) levels.push_back(Level::v4);
#endif
#ifndef SKELETA_WITHOUT_V3
  if (__builtin_cpu_supports("x86-64-v3")) levels.push_back(Level::v3);
#endif
  levels.push_back(Level::v2);
  return levels;
}

Level find_level() {
  const std::vector<Level> usable = usable_levels();
  const char* const asked = std::getenv("SKELETA_ISA");
  if (asked == nullptr || *asked == '\0') return usable.front();
  std::string names;
  for (const Level level : usable) {
    if (asked == to_string(level)) return level;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", to_string(level));
  }
  throw std::invalid_argument(
      fmt::format("SKELETA_ISA is {}: this build has {} here", asked, names));
}
#endif

}  // namespace

Level level_in_use() {
  static const Level level = find_level();
  return level;
}

}  // namespace skeleta
