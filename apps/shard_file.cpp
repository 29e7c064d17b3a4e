#include "shard_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "errors.h"
#include "identity.h"
#include "model_input.h"

namespace skeleta::program {
namespace {

const CommandEntry* command_of(const std::string& filetype) {
  for (const CommandEntry& entry : commands()) {
    if ("skeleta " + entry.name == filetype) return &entry;
  }
  return nullptr;
}

std::vector<std::uint64_t> items_in(const storage::ResultFile& file, const Mergeable& kind) {
  std::vector<std::uint64_t> items;
  if (file.find(kind.axis) == nullptr) return items;
  for (const std::int64_t number : file.values<std::int64_t>(kind.axis)) {
    items.push_back(static_cast<std::uint64_t>(number) / kind.at_once);
  }
  std::ranges::sort(items);
  items.erase(std::unique(items.begin(), items.end()), items.end());
  return items;
}

// Names of files, whose content counts.
std::vector<std::string> names_of_files(const CommandEntry& command) {
  const DeclaredOptions options(command);
  std::vector<std::string> names{"shard"};
  for (const Option& option : options->options()) {
    if (option.may_differ && std::holds_alternative<std::string*>(option.target)) {
      names.push_back(option.name);
    }
  }
  return names;
}

}  // namespace

std::optional<ShardFile> read_shard(const std::string& path) {
  const storage::ResultFile file = read_result(path);
  const CommandEntry* command = command_of(file.filetype);
  if (command == nullptr || command->shards == nullptr) return {};
  const Shards shards = shards_in(file.provenance.options_toml);
  if (shards.all()) return {};
  ShardFile result{path,
                   file.filetype,
                   command,
                   file.build,
                   file.provenance,
                   shards,
                   items_in(file, *command->shards),
                   0};
  try {
    result.total = command->shards->planned(file, stored_options(file.provenance.options_toml));
  } catch (const nlohmann::json::exception&) {
    throw UsageError(path + ": its options do not say how long the run is");
  }
  for (const std::uint64_t item : result.items) {
    if (shards.has(item) && item < result.total) continue;
    throw UsageError(
        fmt::format("{} has number {} of {} {}, which is not of shard {}: the file is damaged",
                    path, item, result.total, command->shards->items, shards.text()));
  }
  return result;
}

std::string other_run(const ShardFile& file, const ShardFile& first) {
  if (file.filetype != first.filetype) {
    return fmt::format("it is a '{}' file, not a '{}' file", file.filetype, first.filetype);
  }
  return identity_difference(file.build, file.provenance, first.provenance.options_toml,
                             names_of_files(*first.command));
}

}  // namespace skeleta::program
