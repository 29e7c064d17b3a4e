#include "interrupt.h"

#include <atomic>

#include "skeleta/core/exchange.h"

namespace skeleta::program {
namespace {

std::atomic<int> last_caught{0};
std::atomic<const Ranks*> all_ranks{nullptr};  // they live as long as the program
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler must not lock");

}  // namespace

InterruptGuard::InterruptGuard() : scope_([] { return requested(); }) {
  last_caught = 0;
  all_ranks = Ranks::current();
  struct sigaction action {};
  action.sa_handler = [](int signal) { last_caught = signal; };
  // Once: the next one of its kind does what it did before. Writing a file goes on undisturbed.
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  for (std::size_t k = 0; k < signals_.size(); ++k) {
    ::sigaction(signals_[k], nullptr, &previous_[k]);
    const bool ignored = signals_[k] == SIGHUP && previous_[k].sa_handler == SIG_IGN;
    if (!ignored) ::sigaction(signals_[k], &action, nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  for (std::size_t k = 0; k < signals_.size(); ++k) {
    ::sigaction(signals_[k], &previous_[k], nullptr);
  }
}

int InterruptGuard::caught() {
  return last_caught;
}

int InterruptGuard::signal() {
  const Ranks* const ranks = all_ranks;
  return ranks != nullptr ? ranks->agreed() : caught();
}

int stopped_code(int signal) {
  return 128 + (signal == 0 ? SIGINT : signal);
}

std::string signal_name(int signal) {
  switch (signal) {
    case SIGTERM:
      return "SIGTERM";
    case SIGHUP:
      return "SIGHUP (the terminal is gone)";
    default:
      return "SIGINT (Ctrl-C)";
  }
}

}  // namespace skeleta::program
