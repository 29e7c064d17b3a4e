#pragma once

#include <unistd.h>

namespace skeleta::storage {

/// Bytes of this machine's memory.
inline double physical_memory() {
  return static_cast<double>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace skeleta::storage
