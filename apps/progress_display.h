#pragma once

#include <chrono>
#include <iosfwd>
#include <optional>
#include <string>

#include "skeleta/core/progress.h"

namespace skeleta::program {

/// Shows progress on `err`: a bar with the time left on a terminal, a line every few seconds
/// otherwise; nothing if quiet, and nothing for work that is over at once.
class ProgressDisplay {
 public:
  ProgressDisplay(std::ostream& err, bool quiet);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  void show(const Progress& progress);
  /// Work of another kind: `state` in words; how much of it is done, if that is known.
  void show(const std::string& state, std::optional<double> fraction = {});

 private:
  using Clock = std::chrono::steady_clock;

  std::ostream& err_;
  bool quiet_, terminal_, drawn_ = false;
  Clock::time_point start_, last_;
};

}  // namespace skeleta::program
