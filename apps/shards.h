#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace skeleta::program {

/// Some of the shards, numbered from 0, that the items of a run (its starts, cells, …) are dealt
/// out to: item k is in shard k mod `count`, so that all have as much to do. By default the only
/// one.
struct Shards {
  std::uint64_t count = 1;              ///< Of all there are.
  std::vector<std::uint64_t> which{0};  ///< Some of 0, …, count − 1, in rising order.

  bool all() const { return which.size() == count; }
  bool has(std::uint64_t item) const;
  /// How many of the items 0, …, total − 1 they have.
  std::uint64_t items_of(std::uint64_t total) const;
  /// Those of 0, …, count − 1 that are not among them.
  std::vector<std::uint64_t> missing() const;
  /// "3/8", "0-2,5/8".
  std::string text() const;
};

/// As the job arrays of Slurm have them: "3,7-9".
std::string ranges(const std::vector<std::uint64_t>& numbers);

/// What Shards::text() wrote. Throws UsageError for anything else.
Shards parse_shards(const std::string& text);

/// The one shard that --shard names: "i/n" with 0 <= i < n; "slurm", a task of a job array; or
/// "slurm/n", a task of an array whose numbers are those of the shards, be it of some of them only.
/// Throws UsageError if it names none, or the environment does not have what it needs.
Shards shard_named(const std::string& text);

/// The shards whose run has these options (TOML); the only one if it has no shard.
Shards shards_in(const std::string& options_toml);
/// The options of the whole run, without its shard;
std::string without_shards(const std::string& options_toml);
/// and those of these shards of it: of all, the whole run's.
std::string with_shards(const std::string& options_toml, const Shards& shards);

}  // namespace skeleta::program
