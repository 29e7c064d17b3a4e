#pragma once

#include <chrono>
#include <utility>

namespace skeleta::program {

/// Says when to write a checkpoint: as often as writing takes no more than a
/// fiftieth of the time.
class CheckpointClock {
 public:
  /// Calls `write` if it is time.
  template <class Write>
  void tick(Write&& write) {
    const auto begin = Clock::now();
    if (begin - last_ < 50 * cost_) return;
    std::forward<Write>(write)();
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

  Clock::time_point start_ = Clock::now(), last_ = start_;
  Clock::duration cost_{}, spent_{};
};

}  // namespace skeleta::program
