#pragma once

#if defined(__SANITIZE_THREAD__)
#define SKELETA_WATCHED_THREADS
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SKELETA_WATCHED_THREADS
#endif
#endif

#ifdef SKELETA_WATCHED_THREADS
#include <sanitizer/tsan_interface.h>
#endif

namespace skeleta {

/// What the thread sanitizer cannot see: Debian's TBB is not built for it, so that it knows nothing
/// of how a loop's caller and the threads that are lent to it wait for each other. All before a
/// give() happens before all after a later take(); in other builds these do nothing. Static, since
/// who takes may read nothing before. Of the threads of one loop none gives to another: what they
/// share without locks is found.
class Handover {
 public:
#ifdef SKELETA_WATCHED_THREADS
  void give() {
    __tsan_release(this);
  }
  void take() {
    __tsan_acquire(this);
  }
#else
  void give() {}
  void take() {}
#endif
};

}  // namespace skeleta
