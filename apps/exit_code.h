#pragma once

#include "program.h"
#include "skeleta/measure/integral_by_skeleton.h"

namespace skeleta::program {

/// What the shell sees of a result: was all that was asked for reached?
inline int exit_code(bool interrupted, bool usable, bool precise) {
  if (interrupted) return ExitCode::interrupted;
  if (!usable) return ExitCode::failed;
  return precise ? ExitCode::done : ExitCode::precision_missed;
}

inline int exit_code(StopReason reason) {
  using enum StopReason;
  return exit_code(reason == interrupted, reason != non_finite,
                   reason == exact || reason == samples || reason == precision);
}

/// Of several results the worst decides: 130, then 1, then 3.
inline int worse(int a, int b) {
  for (const int code : {ExitCode::interrupted, ExitCode::failed, ExitCode::precision_missed}) {
    if (a == code || b == code) return code;
  }
  return ExitCode::done;
}

}  // namespace skeleta::program
