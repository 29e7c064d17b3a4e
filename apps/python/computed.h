#pragma once

#include <pybind11/pybind11.h>

#include <atomic>
#include <chrono>
#include <mutex>
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

/// What one call at a time may use.
class Queue {
 public:
  /// work() when its turn has come. To be called within computed(): Ctrl-C ends the wait. Throws
  /// std::runtime_error instead of waiting for itself, where work() leads back to Python and that
  /// here again.
  template <class Work>
  auto in_turn(Work&& work) {
    const auto self = std::this_thread::get_id();
    if (at_work_ == self) {
      throw std::runtime_error("called again from what its own call, not yet done, calls");
    }
    std::unique_lock lock(mutex_, std::defer_lock);
    while (!lock.try_lock_for(std::chrono::milliseconds(20))) poll();
    struct Mark {
      explicit Mark(Queue& of, std::thread::id self) : queue(of) { queue.at_work_ = self; }
      ~Mark() { queue.at_work_ = std::thread::id{}; }
      Mark(const Mark&) = delete;
      Mark& operator=(const Mark&) = delete;
      Queue& queue;
    } mark(*this, self);
    return work();
  }

 private:
  std::timed_mutex mutex_;
  std::atomic<std::thread::id> at_work_{};
};

}  // namespace skeleta::python
