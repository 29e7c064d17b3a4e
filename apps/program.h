#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace skeleta::program {

/// What the shell sees.
enum ExitCode : int {
  done = 0,
  failed = 1,            ///< On the way: disk full and the like.
  usage = 2,             ///< Wrong usage or bad input, found before any work.
  precision_missed = 3,  ///< The result is good, but less precise than asked for.
  interrupted = 130,     ///< By Ctrl-C; 143 by SIGTERM, 129 by SIGHUP: 128 + signal.
  reader_left = 141,     ///< Whoever read standard output left before its end.
};

/// The whole program: arguments (without the program's name) in, exit code out. Results go to
/// `out`, messages and progress to `err`.
int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace skeleta::program
