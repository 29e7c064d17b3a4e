#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "commands.h"
#include "shards.h"
#include "skeleta/core/version.h"
#include "skeleta/storage/run_file.h"

namespace skeleta::program {

/// What the file of a shard, or of some of them that were merged, says of itself.
struct ShardFile {
  std::string path;
  std::string filetype;              ///< "skeleta train"
  const CommandEntry* command;       ///< That it is of.
  BuildInfo build;                   ///< The program that wrote it.
  storage::Provenance provenance;    ///< With the shards among its options.
  Shards shards;                     ///< That it is of.
  std::vector<std::uint64_t> items;  ///< That it has, in rising order.
  std::uint64_t total = 0;           ///< Items of the whole run.

  std::uint64_t planned() const { return shards.items_of(total); }
  bool finished() const { return items.size() == planned(); }
};

/// Nothing, if the file is no shard. Throws UsageError if it cannot be read, or has items that its
/// shards do not have.
std::optional<ShardFile> read_shard(const std::string& path);

/// Why both are not of one run, in one clause; "" if they are.
std::string other_run(const ShardFile& file, const ShardFile& first);

}  // namespace skeleta::program
