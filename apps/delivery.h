#pragma once

#include <functional>
#include <iosfwd>
#include <string>

namespace skeleta::program {

/// A result on its way to the user.
struct Delivery {
  std::function<void()> write;  ///< Into its file; empty if none was asked for.
  std::function<void()> print;  ///< On `out`.
  std::string told;             ///< What is said to be written; empty: nothing.
};

/// The end of every command. The file comes first, since whoever reads `out` may leave before its
/// end (`| head -1`); what could not be written is printed all the same. Returns `code`, or
/// ExitCode::failed after a message if the file could not be written.
int deliver(const Delivery& delivery, int code, std::ostream& out, std::ostream& err);

/// Runs an extra, which must not take the main result along when it fails: what went wrong, or "".
/// `work` that is called off fails too.
std::string failure_of(const std::function<void()>& work);

}  // namespace skeleta::program
