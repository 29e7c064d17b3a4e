#pragma once

#include <exception>
#include <string>

#include "skeleta/core/parcel.h"

namespace skeleta {

/// What went wrong on one rank, for all of them to throw.
class Failure {
 public:
  /// Of the exception that is being handled. Interrupted is none.
  static Failure caught();

  void travel(Parcel& parcel) { parcel(kind_, words_); }
  explicit operator bool() const { return kind_ != Kind::none; }
  /// Throws what was thrown: the same object where it was, its kind and words elsewhere.
  [[noreturn]] void raise() const;

 private:
  enum class Kind : char { none, argument, memory, other };

  Kind kind_ = Kind::none;
  std::string words_;
  std::exception_ptr original_;
};

}  // namespace skeleta
