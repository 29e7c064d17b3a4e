#include "commands.h"

namespace skeleta::program {

// Each in the file of its name.
CommandEntry estimate_command();
CommandEntry train_command();
CommandEntry sweep_command();
CommandEntry approximate_command();
CommandEntry show_command();
CommandEntry view_command();
CommandEntry thomson_commands();
CommandEntry thomson_solve_command();
CommandEntry thomson_match_command();
CommandEntry linear_commands();
CommandEntry critical_points_command();
CommandEntry linear_flow_command();
CommandEntry moments_command();

const std::vector<CommandEntry>& commands() {
  static const std::vector<CommandEntry> entries{estimate_command(),
                                                 train_command(),
                                                 sweep_command(),
                                                 approximate_command(),
                                                 show_command(),
                                                 view_command(),
                                                 thomson_commands(),
                                                 thomson_solve_command(),
                                                 thomson_match_command(),
                                                 linear_commands(),
                                                 critical_points_command(),
                                                 linear_flow_command(),
                                                 moments_command()};
  return entries;
}

}  // namespace skeleta::program
