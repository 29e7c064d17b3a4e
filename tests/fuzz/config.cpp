// Files of --config, for the command with most options.
#include <nlohmann/json.hpp>

#include "commands.h"
#include "target.h"

void consume(std::span<const char> bytes) {
  using namespace skeleta::program;
  static const CommandEntry& entry =
      *std::ranges::find(commands(), std::string("train"), &CommandEntry::name);
  const auto command = entry.make();
  OptionTable table;
  command->declare(table);
  table.apply_config(file_of(bytes));
  stored_options(table.to_toml(""));
}
