#pragma once

#include <exception>
#include <functional>

namespace skeleta {

/// Thrown out of work that was called off before it had a result.
class Interrupted : public std::exception {
 public:
  const char* what() const noexcept override {
    return "interrupted before the first result";
  }  ///< A sentence.
};

/// While it lives, what this thread computes can be called off: all that takes long asks `stop` now
/// and then (poll()), and Interrupted is thrown once it says yes. The threads that parallel_for
/// lends ask too, so `stop` must be safe to call from several threads at once, and cheap. Within
/// another scope, that one can call the work off too. Lives on the stack of one thread.
class CancelScope {
 public:
  /// Not empty; it may be asked from several threads at once.
  explicit CancelScope(std::function<bool()> stop);
  ~CancelScope();
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;

  /// Does the work of this scope, or of one around it, have to end?
  bool called_off() const { return stop_() || (outer_ != nullptr && outer_->called_off()); }

  /// Of this thread; null if nothing can be called off.
  static const CancelScope* current();

 private:
  std::function<bool()> stop_;
  const CancelScope* outer_;
};

/// While it lives, this thread works for `scope`, as parallel_for's do; null: what it does cannot
/// be called off.
class BorrowedScope {
 public:
  /// `scope` may be null (nothing is called off) and outlives this.
  explicit BorrowedScope(const CancelScope* scope);
  ~BorrowedScope();
  BorrowedScope(const BorrowedScope&) = delete;
  BorrowedScope& operator=(const BorrowedScope&) = delete;

 private:
  const CancelScope* own_;
};

/// Throws Interrupted if the work of this thread was called off. It takes some nanoseconds: loops
/// whose bodies take microseconds or more call it each time.
void poll();

}  // namespace skeleta
