#pragma once

#include <chrono>
#include <iosfwd>
#include <string>

#include "skeleta/core/progress.h"

namespace skeleta::program {

/// What is counted, and what the value is.
struct ProgressWords {
  std::string done = "samples", value = "loss";
};

/// Shows progress on `err`: a bar with the time left on a terminal, a line every few seconds
/// otherwise; nothing if quiet, and nothing for work that is over at once.
class ProgressDisplay {
 public:
  ProgressDisplay(std::ostream& err, bool quiet, ProgressWords words = {});
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  void show(const Progress& progress);

 private:
  using Clock = std::chrono::steady_clock;

  std::ostream& err_;
  ProgressWords words_;
  bool quiet_, terminal_, drawn_ = false;
  Clock::time_point start_, last_;
};

}  // namespace skeleta::program
