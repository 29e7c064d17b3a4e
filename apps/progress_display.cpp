#include "progress_display.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <utility>

namespace skeleta::program {

ProgressDisplay::ProgressDisplay(std::ostream& err, bool quiet, ProgressWords words)
    : err_(err),
      words_(std::move(words)),
      quiet_(quiet),
      terminal_(&err == &std::cerr && isatty(STDERR_FILENO) != 0),
      start_(Clock::now()),
      last_(start_) {}

ProgressDisplay::~ProgressDisplay() {
  if (drawn_ && terminal_) err_ << "\r\x1b[K" << std::flush;
}

void ProgressDisplay::show(const Progress& progress) {
  using std::chrono::duration;
  const auto now = Clock::now();
  const double since_last = duration<double>(now - last_).count();
  if (progress.planned == 0) start_ = now;  // the pilot is still at work
  if (quiet_ || progress.planned == 0 || since_last < (terminal_ ? 0.2 : 5.0)) return;
  last_ = now;
  drawn_ = true;
  const double fraction =
      std::min(1.0, static_cast<double>(progress.done) / static_cast<double>(progress.planned));
  const double elapsed = duration<double>(now - start_).count();
  const double left = fraction > 0.0 ? elapsed * (1.0 - fraction) / fraction : 0.0;
  const std::string error =
      progress.standard_error > 0.0 ? fmt::format(" +- {:.1g}", progress.standard_error) : "";
  const std::string state = fmt::format("{:3.0f} %  {:.3g} {}  {} {:.6g}{}  {:.0f} s left",
                                        100.0 * fraction, static_cast<double>(progress.done),
                                        words_.done, words_.value, progress.value, error, left);
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
