#pragma once

#include <signal.h>

#include <array>
#include <string>

#include "skeleta/core/cancellation.h"

namespace skeleta::program {

/// While it lives, SIGINT (Ctrl-C), SIGTERM and SIGHUP call off the work of this thread
/// (core/cancellation.h) instead of ending the program; a second one of the same kind ends it at
/// once. A SIGHUP that was ignored before (nohup) still is. Where this thread has ranks
/// (core/exchange.h), a signal counts once all have heard of it. In a fork that another thread
/// makes meanwhile, signals do what they did before.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  static bool requested() { return signal() != 0; }
  /// The signal that came since the last guard was made; 0 if none did.
  static int signal();
  /// Likewise, of this process alone.
  static int caught();

 private:
  CancelScope scope_;
  std::array<struct sigaction, 3> previous_;  // of SIGINT, SIGTERM and SIGHUP
};

/// What the shell sees of a run that this signal stopped: 128 + signal; 130, as for Ctrl-C, for 0.
int stopped_code(int signal);

/// "SIGINT (Ctrl-C)"
std::string signal_name(int signal);

}  // namespace skeleta::program
