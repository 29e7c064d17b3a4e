#pragma once

/// SKELETA_WATCHED_MEMORY: in builds that a sanitizer watches, by the words of either compiler.
/// They hold terabytes of shadow, which limits on memory would count.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SKELETA_WATCHED_MEMORY
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SKELETA_WATCHED_MEMORY
#endif
#endif
