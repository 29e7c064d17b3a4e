// Command lines: words between zeros, the first byte says of which command. Nothing is run.
#include <nlohmann/json.hpp>

#include "commands.h"
#include "target.h"

void consume(std::span<const char> bytes) {
  using namespace skeleta::program;
  if (bytes.empty()) return;
  const auto& all = commands();
  const CommandEntry& entry = all[static_cast<unsigned char>(bytes.front()) % all.size()];
  if (entry.make == nullptr) return;
  std::vector<std::string> words(1);
  for (const char c : bytes.subspan(1)) {
    c == '\0' ? (void)words.emplace_back() : words.back().push_back(c);
  }
  const auto command = entry.make();
  OptionTable table;
  command->declare(table);
  if (table.parse(entry.name, words)) stored_options(table.to_toml(""));
}
