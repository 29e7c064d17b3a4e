#pragma once

#include <CLI/CLI.hpp>
#include <iosfwd>
#include <string>

#include "common_options.h"
#include "skeleta/storage/result_file.h"

namespace skeleta::program {

/// -o and --force of commands whose result is written once, at the end.
class ResultOutput {
 public:
  void add_options(CLI::App& command);

  /// Before any work. Throws UsageError if the file is `input` itself, exists (without --force), or
  /// cannot be made.
  void check(const std::string& input = "") const;

  /// Nothing without -o. `command` gives the options that the file records.
  void write(const std::string& filetype, const std::string& command_line, const CLI::App& command,
             const CommonOptions& common, const storage::Results& results, std::ostream& err) const;

 private:
  std::string file_;
  bool force_ = false;
};

}  // namespace skeleta::program
