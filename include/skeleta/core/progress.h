#pragma once

#include <cstdint>
#include <functional>

namespace skeleta {

/// How far a computation is.
struct Progress {
  std::uint64_t done = 0, planned = 0;  ///< In samples; `planned` may grow.
  double value = 0.0;                   ///< The estimate so far, and its standard error.
  double standard_error = 0.0;
};

/// Called now and then on the caller's thread; returns whether to go on.
using ProgressCallback = std::function<bool(const Progress&)>;

}  // namespace skeleta
