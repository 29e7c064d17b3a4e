#pragma once

/// Counts what the C library hands out: operator new and Eigen both end there. For one source of a
/// test program, as it takes the place of malloc. A sanitizer, which does so itself, tells its
/// hook.

#include <atomic>
#include <cstddef>

#include "storage/watched_memory.h"

namespace skeleta {

inline std::atomic<long> allocations{0};

}  // namespace skeleta

#ifdef SKELETA_WATCHED_MEMORY

extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*,
                                                                  std::size_t),
                                                         void (*)(const volatile void*));

namespace skeleta {

inline const int counting = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { ++allocations; }, [](const volatile void*) {});

}  // namespace skeleta

#else

extern "C" void* __libc_malloc(std::size_t size);
extern "C" void* malloc(std::size_t size) {
  ++skeleta::allocations;
  return __libc_malloc(size);
}

#endif
