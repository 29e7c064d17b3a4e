#pragma once

#include <toml++/toml.h>
#include <CLI/CLI.hpp>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

namespace skeleta::program {

/// Options that every computing command has.
struct CommonOptions {
  std::uint64_t seed = 1;
  int threads = 0;
  bool json = false;
  bool quiet = false;
  std::string config;
};

void add_common_options(CLI::App& command, CommonOptions& options);

/// Adds an option whose value is a count, such as 4096 or 1e6. At least 1, at most 1e15.
CLI::Option* add_count(CLI::App& command, const std::string& flags, std::uint64_t& value,
                       const std::string& description);

/// A whole number from 0 to 2^64 − 1; nothing for other texts.
std::optional<std::uint64_t> seed_of(const std::string& text);

/// A value must be one of these words.
CLI::Validator one_of(const std::vector<std::string>& words);

/// What every computing command does first. Gives each option of `command` that the command line
/// left out the value that the TOML file of --config has for it, and takes no more threads than the
/// process may start (a note on `err` says so). Throws UsageError for a file that cannot be read or
/// parsed, a key that is no option (with a suggestion), or a value that does not fit.
void prepare(CLI::App& command, CommonOptions& options, std::ostream& err);

/// Throws UsageError for an option that was given the empty word, which means nothing anywhere.
void refuse_empty_values(const CLI::App& command);

/// Throws UsageError, with line and column, for a file that cannot be read or parsed.
toml::table read_toml(const std::string& path);

/// The word among `candidates` that `word` was probably meant to be, or "" if none is near.
std::string suggestion(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace skeleta::program
