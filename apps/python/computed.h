#pragma once

#include <pybind11/pybind11.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <thread>

#include "skeleta/core/cancellation.h"

namespace skeleta::python {

namespace py = pybind11;

/// Asks Python now and then, from the thread that called, whether a signal came (Ctrl-C), and keeps
/// what it raised.
class SignalWatch {
 public:
  /// To be called without the interpreter's lock.
  bool stop() {
    if (raised_) return true;
    const auto now = std::chrono::steady_clock::now();
    if (std::this_thread::get_id() != caller_ || now < next_) return false;
    next_ = now + std::chrono::milliseconds(50);
    const py::gil_scoped_acquire lock;
    if (PyErr_CheckSignals() == 0) return false;
    error_.emplace();
    raised_ = true;
    return true;
  }

  /// Raises what a signal raised, if one did.
  void rethrow() const {
    if (error_) throw *error_;
  }

 private:
  std::thread::id caller_ = std::this_thread::get_id();
  std::chrono::steady_clock::time_point next_ =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
  std::atomic<bool> raised_{false};
  std::optional<py::error_already_set> error_;
};

/// work(), which touches nothing of Python, without the interpreter's lock: other Python threads go
/// on, and Ctrl-C calls it off.
template <class Work>
auto computed(Work&& work) {
  SignalWatch watch;
  try {
    auto result = [&] {
      const py::gil_scoped_release unlocked;
      const CancelScope scope([&watch] { return watch.stop(); });
      return work();
    }();
    watch.rethrow();  // also where the work made do with what it had
    return result;
  } catch (const Interrupted&) {
    watch.rethrow();
    throw;
  }
}

/// What one call at a time may use. A lock that a fork does not leave locked for ever, and that
/// Ctrl-C ends the wait for.
class Queue {
 public:
  /// `kept`: what the calls use keeps things from one to the next.
  explicit Queue(bool kept) : kept_(kept) {}

  /// work() when its turn has come, to be called within computed(). Throws std::runtime_error
  /// instead of waiting for itself, where work() leads back to Python and that here again; and
  /// where the process is a fork, and what is kept was in use by a thread that it has not.
  template <class Work>
  auto in_turn(Work&& work) {
    const pid_t process = getpid();
    if (user_ == process && thread_ == std::this_thread::get_id()) {
      throw std::runtime_error("called again from what its own call, not yet done, calls");
    }
    for (int tries = 0; !enter(process); ++tries) {
      poll();
      if (tries < 100) {
        std::this_thread::yield();
      } else {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
    struct Turn {
      explicit Turn(Queue& of) : queue(of) { queue.thread_ = std::this_thread::get_id(); }
      ~Turn() {
        queue.thread_ = std::thread::id{};
        queue.user_ = nobody;
      }
      Turn(const Turn&) = delete;
      Turn& operator=(const Turn&) = delete;
      Queue& queue;
    } turn(*this);
    return work();
  }

 private:
  bool enter(pid_t process) {
    pid_t user = nobody;
    if (user_.compare_exchange_strong(user, process)) return true;
    if (user == process) return false;
    if (kept_) {
      throw std::runtime_error(
          "it was at work in another thread when this process was forked: make a new one");
    }
    return user_.compare_exchange_strong(user, process);
  }

  static constexpr pid_t nobody = 0;
  const bool kept_;
  std::atomic<pid_t> user_{nobody};  // the process of the call whose turn it is
  std::atomic<std::thread::id> thread_{};
};

}  // namespace skeleta::python
