#include "progress_display.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <utility>

#include "foresight.h"

namespace skeleta::program {

ProgressDisplay::ProgressDisplay(std::ostream& err, bool quiet, ProgressWords words)
    : err_(err),
      listener_(dynamic_cast<ProgressListener*>(&err)),
      words_(std::move(words)),
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
  const std::string error =
      progress.standard_error > 0.0 ? fmt::format(" +- {:.1g}", progress.standard_error) : "";
  const auto done = static_cast<double>(progress.done);
  show(
      fmt::format("{:.3g} {}  {} {:.6g}{}", done, words_.done, words_.value, progress.value, error),
      done / static_cast<double>(progress.planned));
}

void ProgressDisplay::show(std::uint64_t done, std::uint64_t planned, const char* pieces,
                           const std::string& state) {
  show(fmt::format("{} of {} {}  {}", done, planned, pieces, state),
       static_cast<double>(done) / static_cast<double>(planned));
}

void ProgressDisplay::show(const std::string& state, std::optional<double> fraction) {
  using std::chrono::duration;
  const auto now = Clock::now();
  const double since_last = duration<double>(now - last_).count();
  if (since_last < (listener_ != nullptr || terminal_ ? 0.2 : 5.0)) return;
  last_ = now;
  if (listener_ != nullptr) return listener_->hear(fraction, state);
  if (quiet_) return;
  drawn_ = true;
  std::string line = state, bar;
  if (fraction) {
    constexpr int width = 24;
    const double done = std::min(1.0, *fraction);
    const double elapsed = duration<double>(now - start_).count();
    const double left = done > 0.0 ? elapsed * (1.0 - done) / done : 0.0;
    line = fmt::format("{:3.0f} %  {}  {} left", 100.0 * done, state, duration_text(left));
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
