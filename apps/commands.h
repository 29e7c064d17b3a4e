#pragma once

#include <memory>
#include <string>
#include <vector>

#include "merge.h"
#include "option_table.h"
#include "run.h"

namespace skeleta::program {

/// A command: its options, and how they become a call of the library and words.
class Command {
 public:
  virtual ~Command() = default;
  virtual void declare(OptionTable& options) = 0;
  /// Returns the exit code.
  virtual int run(Run& run) = 0;
};

struct CommandEntry {
  std::string name;                              ///< "linear flow"
  std::string words;                             ///< What it does, with examples.
  std::unique_ptr<Command> (*make)() = nullptr;  ///< Null for a group of commands.
  bool computes = true;                          ///< Has -o, --seed and the like.
  const Mergeable* shards = nullptr;             ///< Has --shard too, if its runs have.
  bool ranks = false;                            ///< Can several ranks of MPI share its work?
  bool in_python = false;  ///< A function of the Python module, though it has no run file.
};

template <class T>
std::unique_ptr<Command> make_command() {
  return std::make_unique<T>();
}

/// The options of a command, with those that all computing ones have; without a run.
class DeclaredOptions {
 public:
  explicit DeclaredOptions(const CommandEntry& entry);
  const OptionTable* operator->() const { return &table_; }

 private:
  std::unique_ptr<Command> command_;  // the rows point into it
  std::unique_ptr<Run> run_;
  OptionTable table_;
};

/// The words of `skeleta --help`.
std::string introduction();

/// All commands, in the order of the help.
const std::vector<CommandEntry>& commands();

}  // namespace skeleta::program
