#pragma once

#include <CLI/CLI.hpp>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "common_options.h"
#include "skeleta/storage/sweep_file.h"

namespace skeleta::program {

/// `skeleta sweep PLAN.toml`: trains over a grid.
class SweepCommand {
 public:
  explicit SweepCommand(CLI::App& program);

  bool chosen() const { return command_->parsed(); }

  /// Returns the exit code. `command_line` is stored in the output file.
  int run(const std::string& command_line, std::ostream& out, std::ostream& err);

 private:
  std::vector<storage::SweptCell> earlier_cells(const std::string& output,
                                                const std::string& options) const;

  CLI::App* command_;
  CommonOptions common_;
  std::string plan_, output_;
  bool force_ = false;
};

}  // namespace skeleta::program
