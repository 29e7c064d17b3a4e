#pragma once

#include <stdexcept>

namespace skeleta::program {

/// Bad input or usage, found before any work: exit code 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace skeleta::program
