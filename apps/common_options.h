#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
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

/// A value must be one of these words.
CLI::Validator one_of(const std::vector<std::string>& words);

/// Gives each option of `command` that the command line left out the value that the TOML file
/// `config` has for it. Throws UsageError for a file that cannot be read or parsed, a key that is
/// no option (with a suggestion), or a value that does not fit.
void apply_config(CLI::App& command, const std::string& config);

/// The word among `candidates` that `word` was probably meant to be, or "" if none is near.
std::string suggestion(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace skeleta::program
