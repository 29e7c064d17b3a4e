#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

#include "skeleta/core/progress.h"

namespace skeleta::program {

/// What is counted, and what the value is.
struct ProgressWords {
  std::string done = "samples", value = "loss";
};

/// What an `err` may be as well: then it is told of progress, quiet or not, instead of having it
/// written on it. What it throws ends the command.
class ProgressListener {
 public:
  virtual ~ProgressListener() = default;
  /// How much is done, from 0 to 1, if that is known; what was found so far.
  virtual void hear(std::optional<double> fraction, const std::string& state) = 0;
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
  /// Work that is counted in pieces: "12 of 100 starts", and `state` of what they found.
  void show(std::uint64_t done, std::uint64_t planned, const char* pieces,
            const std::string& state);
  /// Work of another kind: `state` in words; how much of it is done, if that is known.
  void show(const std::string& state, std::optional<double> fraction = {});

 private:
  using Clock = std::chrono::steady_clock;

  std::ostream& err_;
  ProgressListener* listener_;
  ProgressWords words_;
  bool quiet_, terminal_, drawn_ = false;
  Clock::time_point start_, last_;
};

}  // namespace skeleta::program
