#include "interrupt.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "skeleta/core/exchange.h"

namespace skeleta::program {
namespace {

std::atomic<int> last_caught{0};
std::atomic<const Ranks*> all_ranks{nullptr};  // they live as long as the program
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler must not lock");

constexpr std::array signals{SIGINT, SIGTERM, SIGHUP};

// The process of the last guard, and what the signals did before there was any.
std::atomic<pid_t> guarded{0};
std::array<struct sigaction, signals.size()> before_guard;

// A fork that another thread makes has the handler, but nobody who looks at what it caught: there
// the signal does what it did before.
void handle(int signal) {
  if (::getpid() == guarded) {
    last_caught = signal;
    return;
  }
  const auto k = std::find(signals.begin(), signals.end(), signal) - signals.begin();
  ::sigaction(signal, &before_guard[static_cast<std::size_t>(k)], nullptr);
  ::raise(signal);
}

}  // namespace

InterruptGuard::InterruptGuard() : scope_([] { return requested(); }) {
  last_caught = 0;
  all_ranks = Ranks::current();
  for (std::size_t k = 0; k < signals.size(); ++k) {
    ::sigaction(signals[k], nullptr, &previous_[k]);
    if (previous_[k].sa_handler != handle) before_guard[k] = previous_[k];
  }
  guarded = ::getpid();
  struct sigaction action {};
  action.sa_handler = handle;
  // Once: the next one of its kind does what it did before. Writing a file goes on undisturbed.
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  for (std::size_t k = 0; k < signals.size(); ++k) {
    const bool ignored = signals[k] == SIGHUP && previous_[k].sa_handler == SIG_IGN;
    if (!ignored) ::sigaction(signals[k], &action, nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  for (std::size_t k = 0; k < signals.size(); ++k) {
    ::sigaction(signals[k], &previous_[k], nullptr);
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
