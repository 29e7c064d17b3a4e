#include "commands.h"

#include <iostream>

namespace skeleta::program {

// Each in the file of its name.
CommandEntry estimate_command();
CommandEntry train_command();
CommandEntry sweep_command();
CommandEntry approximate_command();
CommandEntry basins_command();
CommandEntry certify_command();
CommandEntry spectrum_command();
CommandEntry dictionary_command();
CommandEntry merge_command();
CommandEntry show_command();
CommandEntry view_command();
CommandEntry thomson_commands();
CommandEntry thomson_solve_command();
CommandEntry thomson_match_command();
CommandEntry linear_commands();
CommandEntry critical_points_command();
CommandEntry linear_flow_command();
CommandEntry moments_command();
CommandEntry completion_command();
CommandEntry manual_command();
CommandEntry selftest_command();

DeclaredOptions::DeclaredOptions(const CommandEntry& entry)
    : command_(entry.make()), run_(std::make_unique<Run>("", "", std::cout, std::cerr)) {
  command_->declare(table_);
  if (entry.computes) run_->declare(table_, entry.shards != nullptr);
}

const std::vector<CommandEntry>& commands() {
  static const std::vector<CommandEntry> entries{estimate_command(),      train_command(),
                                                 sweep_command(),         approximate_command(),
                                                 basins_command(),        certify_command(),
                                                 spectrum_command(),      dictionary_command(),
                                                 merge_command(),         show_command(),
                                                 view_command(),          thomson_commands(),
                                                 thomson_solve_command(), thomson_match_command(),
                                                 linear_commands(),       critical_points_command(),
                                                 linear_flow_command(),   moments_command(),
                                                 completion_command(),    manual_command(),
                                                 selftest_command()};
  return entries;
}

}  // namespace skeleta::program
