#pragma once

#include <CLI/CLI.hpp>
#include <iosfwd>
#include <string>

namespace skeleta::program {

/// `skeleta show FILE.h5`: what is in a model or run file, in words.
class ShowCommand {
 public:
  explicit ShowCommand(CLI::App& program);

  bool chosen() const { return command_->parsed(); }
  int run(std::ostream& out);

 private:
  int show_training(std::ostream& out) const;
  int show_sweep(std::ostream& out) const;
  int show_result(std::ostream& out) const;

  CLI::App* command_;
  std::string file_;
  bool geometry_ = false, json_ = false;
};

}  // namespace skeleta::program
