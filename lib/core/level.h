#pragma once

#include "skeleta/core/names.h"

/// The library is compiled for x86-64-v2, which any processor of the last ten years has. The hot
/// loops (CMakeLists.txt lists their sources) are compiled for the levels v3 and v4 too, each time
/// with that SKELETA_LEVEL, and the best that the processor has is chosen when they are first
/// called. A module hands them out in a table of functions:
///
///   SKELETA_LEVELS(LoopTable, loops);               in a header: loops() is the table to use
///   const LoopTable SKELETA_AT_LEVEL(loops) = {…};  in a source that is compiled for each level
///
/// Results have the same bits wherever the same level is used; other levels round otherwise.
///
/// SKELETA_LEVELS of CMake may leave v3 or v4 out; a processor of that level then uses the next
/// below. In a build for one processor (SKELETA_NATIVE, or no x86-64) there is one level, "native".
namespace skeleta {

enum class Level { native, v2, v3, v4 };
constexpr auto names_of(Level) {
  return std::to_array<std::string_view>({"native", "v2", "v3", "v4"});
}

/// What this process uses: the best level that was built and the processor has, or that of the
/// environment's SKELETA_ISA. Throws std::invalid_argument for a value that is none of them.
Level level_in_use();

template <class Table>
const Table& at_level(const Table& v2, const Table& v3, const Table& v4) {
  const Level level = level_in_use();
  return level == Level::v4 ? v4 : level == Level::v3 ? v3 : v2;
}

#define SKELETA_PASTE(name, level) name##_##level
#define SKELETA_PASTED(name, level) SKELETA_PASTE(name, level)
#define SKELETA_AT_LEVEL(name) SKELETA_PASTED(name, SKELETA_LEVEL)

#ifdef SKELETA_ONE_LEVEL
#define SKELETA_LEVELS(Table, name) \
  extern const Table name##_native; \
  inline const Table& name() {      \
    return name##_native;           \
  }
#else
// The table of a level that was not built is never chosen: that of v2 stands in its place.
#ifdef SKELETA_WITHOUT_V3
#define SKELETA_TABLE_V3(name) name##_v2
#else
#define SKELETA_TABLE_V3(name) name##_v3
#endif
#ifdef SKELETA_WITHOUT_V4
#define SKELETA_TABLE_V4(name) name##_v2
#else
#define SKELETA_TABLE_V4(name) name##_v4
#endif
#define SKELETA_LEVELS(Table, name)                                          \
  extern const Table name##_v2, name##_v3, name##_v4;                        \
  inline const Table& name() {                                               \
    static const Table& chosen =                                             \
        at_level(name##_v2, SKELETA_TABLE_V3(name), SKELETA_TABLE_V4(name)); \
    return chosen;                                                           \
  }
#endif

}  // namespace skeleta
