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

void ProgressDisplay::show(const Progress& progress) {
  if (progress.planned == 0) start_ = Clock::now();  // the pilot is still at work
  if (progress.planned == 0) return;
  show(fmt::format("{:.3g} samples  loss {:.6g} +- {:.1g}", static_cast<double>(progress.done),
                   progress.value, progress.standard_error),
       static_cast<double>(progress.done) / static_cast<double>(progress.planned));
}

void ProgressDisplay::show(const std::string& state, std::optional<double> fraction) {
  using std::chrono::duration;
  const auto now = Clock::now();
  const double since_last = duration<double>(now - last_).count();
  if (quiet_ || since_last < (terminal_ ? 0.2 : 5.0)) return;
  last_ = now;
  drawn_ = true;
  std::string line = state, bar;
  if (fraction) {
    constexpr int width = 24;
    const double done = std::min(1.0, *fraction);
    const double elapsed = duration<double>(now - start_).count();
    const double left = done > 0.0 ? elapsed * (1.0 - done) / done : 0.0;
    line = fmt::format("{:3.0f} %  {}  {:.0f} s left", 100.0 * done, state, left);
    const auto full = static_cast<std::size_t>(width * done);
    bar = fmt::format("[{}{}] ", std::string(full, '#'), std::string(width - full, '.'));
  }
  if (terminal_) {
    err_ << "\r\x1b[K" << bar << line << std::flush;
  } else {
    err_ << line << std::endl;
  }
}

}  // namespace skeleta::program
