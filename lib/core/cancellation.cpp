#include "skeleta/core/cancellation.h"

#include <utility>

namespace skeleta {
namespace {

thread_local const CancelScope* scope_of_this_thread = nullptr;

}  // namespace

CancelScope::CancelScope(std::function<bool()> stop)
    : stop_(std::move(stop)), outer_(std::exchange(scope_of_this_thread, this)) {}

CancelScope::~CancelScope() {
  scope_of_this_thread = outer_;
}

const CancelScope* CancelScope::current() {
  return scope_of_this_thread;
}

BorrowedScope::BorrowedScope(const CancelScope* scope)
    : own_(std::exchange(scope_of_this_thread, scope)) {}

BorrowedScope::~BorrowedScope() {
  scope_of_this_thread = own_;
}

void poll() {
  if (scope_of_this_thread != nullptr && scope_of_this_thread->called_off()) throw Interrupted();
}

}  // namespace skeleta
