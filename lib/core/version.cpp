#include "skeleta/core/version.h"

#include <fmt/format.h>

namespace skeleta {
namespace {

#if defined(__AVX512F__)
constexpr const char* vectors = "AVX-512";
#elif defined(__AVX2__)
constexpr const char* vectors = "AVX2";
#else
constexpr const char* vectors = "baseline vectors";
#endif

#if defined(__clang__)
constexpr const char* compiler = "clang++ " __clang_version__;
#else
constexpr const char* compiler = "g++ " __VERSION__;
#endif

}  // namespace

BuildInfo build_info() {
  return {SKELETA_VERSION, SKELETA_GIT_SHA1, compiler,
          fmt::format("{}, {}", SKELETA_BUILD_TYPE, vectors), SKELETA_LIBRARIES};
}

}  // namespace skeleta
