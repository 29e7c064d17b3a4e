#include "interrupt.h"

#include <atomic>
#include <csignal>

namespace skeleta::program {
namespace {

std::atomic<bool> interrupt_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler must not lock");

}  // namespace

InterruptGuard::InterruptGuard() {
  interrupt_requested = false;
  // A second Ctrl-C ends the program at once.
  previous_ = std::signal(SIGINT, [](int) {
    interrupt_requested = true;
    std::signal(SIGINT, SIG_DFL);
  });
}

InterruptGuard::~InterruptGuard() {
  std::signal(SIGINT, previous_);
}

bool InterruptGuard::requested() {
  return interrupt_requested;
}

}  // namespace skeleta::program
