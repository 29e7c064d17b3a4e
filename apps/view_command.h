#pragma once

#include <CLI/CLI.hpp>
#include <iosfwd>
#include <string>

namespace skeleta::program {

/// `skeleta view FILE.h5`: one HTML page with the file inside, for any browser.
class ViewCommand {
 public:
  explicit ViewCommand(CLI::App& program);

  bool chosen() const { return command_->parsed(); }
  int run(std::ostream& out);

 private:
  CLI::App* command_;
  std::string file_, output_;
  bool force_ = false;
};

}  // namespace skeleta::program
