#include "progress_display.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

namespace skeleta::program {

ProgressDisplay::ProgressDisplay(std::ostream& err, bool quiet)
    : err_(err),
      quiet_(quiet),
      terminal_(&err == &std::cerr && isatty(STDERR_FILENO) != 0),
      start_(Clock::now()),
      last_(start_) {}

ProgressDisplay::~ProgressDisplay() {
  if (drawn_ && terminal_) err_ << "\r\x1b[K" << std::flush;
}

bool ProgressDisplay::due() {
  const auto now = Clock::now();
  const double since_last = std::chrono::duration<double>(now - last_).count();
  if (quiet_ || since_last < (terminal_ ? 0.2 : 5.0)) return false;
  last_ = now;
  return true;
}

void ProgressDisplay::show(const Progress& progress) {
  if (progress.planned == 0) start_ = Clock::now();  // the pilot is still at work
  if (progress.planned == 0 || !due()) return;
  const double done = static_cast<double>(progress.done);
  draw(done / static_cast<double>(progress.planned),
       fmt::format("{:.3g} samples  loss {:.6g} +- {:.1g}", done, progress.value,
                   progress.standard_error));
}

void ProgressDisplay::show(std::uint64_t done, std::uint64_t planned, const char* pieces,
                           const std::string& state) {
  if (!due()) return;
  draw(static_cast<double>(done) / static_cast<double>(planned),
       fmt::format("{} of {} {}  {}", done, planned, pieces, state));
}

void ProgressDisplay::draw(double share, const std::string& what) {
  drawn_ = true;
  const double fraction = std::min(1.0, share);
  const double elapsed = std::chrono::duration<double>(last_ - start_).count();
  const double left = fraction > 0.0 ? elapsed * (1.0 - fraction) / fraction : 0.0;
  const std::string state =
      fmt::format("{:3.0f} %  {}  {:.0f} s left", 100.0 * fraction, what, left);
  if (terminal_) {
    constexpr int width = 24;
    const auto full = static_cast<std::size_t>(width * fraction);
    err_ << fmt::format("\r\x1b[K[{}{}] {}", std::string(full, '#'), std::string(width - full, '.'),
                        state)
         << std::flush;
  } else {
    err_ << state << std::endl;
  }
}

}  // namespace skeleta::program
