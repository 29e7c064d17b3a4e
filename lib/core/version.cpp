#include "skeleta/core/version.h"

#include <fmt/format.h>

#include "core/level.h"

namespace skeleta {
namespace {

#if defined(__clang__)
constexpr const char* compiler = "clang++ " __clang_version__;
#else
constexpr const char* compiler = "g++ " __VERSION__;
#endif

std::string processor() {
  const Level level = level_in_use();
  return level == Level::native ? "native" : "x86-64-" + to_string(level);
}

}  // namespace

BuildInfo build_info() {
  return {SKELETA_VERSION, SKELETA_GIT_SHA1, compiler,
          fmt::format("{}, {}", SKELETA_BUILD_TYPE, processor()), SKELETA_LIBRARIES};
}

}  // namespace skeleta
