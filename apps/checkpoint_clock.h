#pragma once

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <chrono>
#include <ostream>
#include <string>
#include <utility>

#include "delivery.h"
#include "skeleta/core/cancellation.h"

namespace skeleta::program {

/// Writes checkpoints. One that fails costs a warning, not the run: a later one may succeed.
class Checkpoints {
 public:
  explicit Checkpoints(std::ostream& err) : err_(err) {}

  /// Calls `write`, and warns of the first failure of a row.
  template <class Write>
  void write(Write&& write) {
    const BorrowedScope none(nullptr);  // whole or not at all
    const std::string failure = failure_of(std::forward<Write>(write));
    if (!failure.empty() && !failing_) {
      fmt::print(err_, "skeleta: no checkpoint: {}; the run goes on\n", failure);
    }
    failing_ = !failure.empty();
  }

 private:
  std::ostream& err_;
  bool failing_ = false;
};

/// Says when to write a checkpoint: as often as writing takes no more than a
/// fiftieth of the time.
class CheckpointClock {
 public:
  explicit CheckpointClock(std::ostream& err) : checkpoints_(err) {}

  /// Calls `write` if it is time.
  template <class Write>
  void tick(Write&& write) {
    const auto begin = Clock::now();
    if (begin - last_ < 50 * cost_) return;
    checkpoints_.write(std::forward<Write>(write));
    last_ = Clock::now();
    cost_ = last_ - begin;
    spent_ += cost_;
  }

  /// Seconds since the clock was made, without those of writing.
  double seconds() const {
    return std::chrono::duration<double>(Clock::now() - start_ - spent_).count();
  }

 private:
  using Clock = std::chrono::steady_clock;

  Checkpoints checkpoints_;
  Clock::time_point start_ = Clock::now(), last_ = start_;
  Clock::duration cost_{}, spent_{};
};

}  // namespace skeleta::program
