#pragma once

#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

// What this machine has to do right for the numbers to be right, as checks of a second or two.
namespace skeleta::program {

/// Thrown by a check that found something wrong: what, in a sentence.
struct Defect : std::runtime_error {
  using runtime_error::runtime_error;
};

/// One question to the machine.
struct Check {
  std::string name;  ///< One word.
  std::function<std::string()>
      run;  ///< What was seen; throws Defect, or whatever the library throws.
};

/// All checks, on up to `threads` threads (as resolve_threads); files are written into `folder` and
/// removed.
std::vector<Check> checks(const std::filesystem::path& folder, int threads);

/// What to say of the machine in a report: name and words of each line.
std::vector<std::pair<std::string, std::string>> machine(const std::filesystem::path& folder);

}  // namespace skeleta::program
