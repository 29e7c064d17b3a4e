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

/// How a run of the program ended.
struct Ending {
  int code = ExitCode::done;
  std::string complaint;  ///< The sentence of a failure; empty without one.
};

/// The whole program but its last word, which complain() prints: as one of several ranks, only one
/// has to.
Ending run_to_end(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

/// Prints the complaint, if there is one.
void complain(std::ostream& err, const Ending& ending);

/// The whole program: arguments (without the program's name) in, exit code out. Results go to
/// `out`, messages and progress to `err`.
int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace skeleta::program
