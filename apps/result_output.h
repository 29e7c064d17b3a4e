#pragma once

#include <CLI/CLI.hpp>
#include <initializer_list>
#include <optional>
#include <string>

#include "common_options.h"
#include "fingerprint.h"
#include "skeleta/storage/result_file.h"

namespace skeleta::program {

/// -o and --force of commands whose result is written once, at the end.
class ResultOutput {
 public:
  void add_options(CLI::App& command);

  /// Before any work. Throws UsageError if the file is `input` itself, exists (without --force), or
  /// cannot be made.
  void check(const std::string& input = "") const;

  /// The file, if it is there (and not --force) from the same command and program: then write()
  /// replaces it. Options in `free` may differ. Throws UsageError if it is another one, and as
  /// check().
  std::optional<storage::ResultFile> earlier(const std::string& filetype, const CLI::App& command,
                                             std::initializer_list<const char*> free,
                                             const std::string& input = "");

  /// What the run read, besides its options: a file of other inputs is another run.
  void identify(const Fingerprint& inputs) { inputs_ = inputs.text(); }

  bool wanted() const { return !file_.empty(); }

  /// Nothing without -o. `command` gives the options that the file records.
  void write(const std::string& filetype, const std::string& command_line, const CLI::App& command,
             const CommonOptions& common, const storage::Results& results);

  /// What deliver() says is written.
  std::string told(const CommonOptions& common) const {
    return common.json || common.quiet ? "" : file_;
  }

 private:
  std::string options_toml(const CLI::App& command) const;

  std::string file_, inputs_;
  bool force_ = false, replace_ = false;
};

}  // namespace skeleta::program
