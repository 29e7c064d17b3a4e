#pragma once

#include <cstdint>
#include <functional>

namespace skeleta {

/// How far a computation is.
struct Progress {
  std::uint64_t done = 0;       ///< In samples.
  std::uint64_t planned = 0;    ///< In samples; it may grow.
  double value = 0.0;           ///< The estimate so far.
  double standard_error = 0.0;  ///< Of `value`.
};

/// Called now and then on the caller's thread; returns whether to go on.
using ProgressCallback = std::function<bool(const Progress&)>;

}  // namespace skeleta
