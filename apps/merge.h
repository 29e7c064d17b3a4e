#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "skeleta/storage/result_file.h"
#include "skeleta/storage/run_file.h"

namespace skeleta::program {

/// How the runs of a command are divided into shards, and put together again.
struct Mergeable {
  const char* items;          ///< "starts"
  const char* axis;           ///< Along which its files have them: their numbers.
  std::uint64_t at_once = 1;  ///< So many numbers of the axis are one item.
  /// How many the whole run has.
  std::uint64_t (*planned)(const storage::ResultFile& file,
                           const nlohmann::ordered_json& options) = nullptr;
  /// Writes the whole run from files that have all of its items, or as many as there are: every
  /// dataset has the bits of the run that was not divided, but for those of seconds.
  void (*merge)(const std::vector<std::string>& files, const std::filesystem::path& target,
                const storage::Provenance& provenance, bool overwrite) = nullptr;
};

}  // namespace skeleta::program
