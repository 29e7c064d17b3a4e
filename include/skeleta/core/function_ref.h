#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace skeleta {

template <class Signature>
class FunctionRef;

/// A callable seen through two pointers: never allocates, never owns. The callable must outlive it,
/// which a function argument always does.
template <class Result, class... Args>
class FunctionRef<Result(Args...)> {
 public:
  /// Refers to f, which has to outlive this.
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef> &&
           std::is_invocable_r_v<Result, F&, Args...>)
      FunctionRef(F&& f)  // NOLINT: converting on purpose, so that lambdas can be passed
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
        call_([](void* object, Args... args) -> Result {
          return (*static_cast<std::remove_reference_t<F>*>(object))(std::forward<Args>(args)...);
        }) {}

  /// What the callable returns for these arguments.
  Result operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  void* object_;
  Result (*call_)(void*, Args...);
};

}  // namespace skeleta
