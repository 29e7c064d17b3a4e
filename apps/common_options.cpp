#include "common_options.h"

#include <fmt/format.h>

#include <fmt/ostream.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <ostream>

#include "errors.h"
#include "skeleta/core/parallel.h"

namespace skeleta::program {
namespace {

// Levenshtein distance.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substitution = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substitution, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::uint64_t parse_count(const std::string& flag, const std::string& text) {
  constexpr double most = 1e15;
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool number = error == std::errc() && end == text.data() + text.size();
  if (!number || value < 1.0 || value > most || value != std::floor(value)) {
    throw CLI::ValidationError(
        flag,
        fmt::format("'{}' is not a count: give a whole number from 1 to 1e15, such as 1e6", text));
  }
  return static_cast<std::uint64_t>(value);
}

int parse_threads(const std::string& text) {
  constexpr int most = 4096;  // as resolve_threads
  int threads = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
  if (error != std::errc() || end != text.data() + text.size() || threads < 0 || threads > most) {
    throw CLI::ValidationError("--threads",
                               fmt::format("'{}' is not a whole number from 0 to {}", text, most));
  }
  return threads;
}

std::uint64_t parse_seed(const std::string& text) {
  if (const auto seed = seed_of(text)) return *seed;
  throw CLI::ValidationError("--seed",
                             fmt::format("'{}' is not a whole number from 0 to 2^64 - 1", text));
}

// The value as the command line would have it.
std::string as_argument(const std::string& path, std::string_view key, const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  throw UsageError(fmt::format("{}, line {}: '{}' must be a string, a number, true or false", path,
                               node.source().begin.line, key));
}

std::vector<std::string> long_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      if (name != "help" && name != "config") names.push_back(name);
    }
    if (option->get_positional() && option->get_lnames().empty()) {
      names.push_back(option->get_single_name());
    }
  }
  return names;
}

std::string as_typed(const CLI::Option& option) {
  if (option.get_positional()) return option.get_single_name();
  if (!option.get_snames().empty()) return "-" + option.get_snames().front();
  return "--" + option.get_lnames().front();
}

// The option that was given and keeps `option` from being given too: perhaps itself; else null.
const CLI::Option* obstacle(const CLI::Option& option) {
  if (option.count() > 0) return &option;
  for (const CLI::Option* other : option.get_excludes()) {
    if (other->count() > 0) return other;
  }
  return nullptr;
}

}  // namespace

void add_common_options(CLI::App& command, CommonOptions& options) {
  command
      .add_option_function<std::string>(
          "--seed", [&options](const std::string& text) { options.seed = parse_seed(text); },
          "Seed of all random numbers; 0 is a seed [1]")
      ->type_name("N");
  command
      .add_option_function<std::string>(
          "--threads",
          [&options](const std::string& text) { options.threads = parse_threads(text); },
          "Threads, fewer if the process may not have so many; 0 means all cores. Never changes a "
          "digit [0]")
      ->type_name("N");
  command.add_flag("--json", options.json, "Print one JSON object and nothing else");
  command.add_flag("--quiet", options.quiet, "No progress, no notes");
  command
      .add_option("--config", options.config, "TOML file with values for these options; flags win")
      ->type_name("FILE.toml");
}

std::optional<std::uint64_t> seed_of(const std::string& text) {
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return seed;
}

CLI::Option* add_count(CLI::App& command, const std::string& flags, std::uint64_t& value,
                       const std::string& description) {
  const auto set = [&value, flags](const std::string& text) { value = parse_count(flags, text); };
  return command.add_option_function<std::string>(flags, set, description)->type_name("N");
}

CLI::Validator one_of(const std::vector<std::string>& words) {
  const auto check = [words](const std::string& word) -> std::string {
    if (std::find(words.begin(), words.end(), word) != words.end()) return "";
    return fmt::format("'{}' is none of {}", word, fmt::join(words, ", "));
  };
  return CLI::Validator(check, "");
}

toml::table read_toml(const std::string& path) {
  if (std::filesystem::is_directory(path)) {
    throw UsageError(fmt::format("{} is a folder, not a TOML file", path));
  }
  try {
    return toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    const auto at = error.source().begin;
    throw UsageError(at ? fmt::format("{}, line {}, column {}: {}", path, at.line, at.column,
                                      error.description())
                        : fmt::format("{}: {}", path, error.description()));
  }
}

namespace {

// The options of the file `config`.
void apply_config(CLI::App& command, const std::string& config) {
  const toml::table table = read_toml(config);
  // Decided on the command line alone: two keys of one file that exclude each other are an error.
  std::vector<std::pair<CLI::Option*, std::string>> values;
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const std::vector<std::string> names = long_names(command);
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      const std::string near = suggestion(name, names);
      throw UsageError(fmt::format("{}, line {}: unknown key '{}'{}", config,
                                   node.source().begin.line, name,
                                   near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
    }
    if (const auto* flag = node.as_boolean(); flag != nullptr && !flag->get())
      continue;  // not given
    CLI::Option* option = command.get_option_no_throw("--" + name);
    if (option == nullptr) option = command.get_option(name);
    if (obstacle(*option) == nullptr) values.emplace_back(option, as_argument(config, name, node));
  }
  for (auto& [option, value] : values) {
    if (const CLI::Option* other = obstacle(*option)) {
      throw UsageError(fmt::format("{}: '{}' cannot be given together with '{}'", config,
                                   option->get_single_name(), other->get_single_name()));
    }
    option->add_result(value);
    try {
      option->run_callback();
    } catch (const CLI::ParseError& error) {
      throw UsageError(fmt::format("{}: {}", config, error.what()));
    }
  }
}

void limit_threads(CommonOptions& options, std::ostream& err) {
  const int asked = resolve_threads(options.threads);
  options.threads = possible_threads(asked);
  if (options.threads == asked || options.quiet) return;
  fmt::print(err, "note: this process may not start {} threads (see ulimit -u): it uses {}\n",
             asked, options.threads);
}

}  // namespace

void prepare(CLI::App& command, CommonOptions& options, std::ostream& err) {
  if (!options.config.empty()) apply_config(command, options.config);
  refuse_empty_values(command);
  limit_threads(options, err);
}

void refuse_empty_values(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options()) {
    const std::vector<std::string>& given = option->results();
    if (std::find(given.begin(), given.end(), "") == given.end()) continue;
    const bool file = option->get_type_name().find('.') != std::string::npos;
    throw UsageError(
        fmt::format("{} needs {}", as_typed(*option), file ? "the name of a file" : "a value"));
  }
}

std::string suggestion(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t least = word.size() / 3 + 2;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace skeleta::program
