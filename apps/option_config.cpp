#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <type_traits>

#include "errors.h"
#include "option_table.h"
#include "skeleta/core/exchange.h"

namespace skeleta::program {
namespace {

std::string at(const std::string& path, const toml::source_region& place) {
  return fmt::format("{}, line {}, column {}: ", path, place.begin.line, place.begin.column);
}

std::string text_here(const std::string& path) {
  if (std::filesystem::is_directory(path)) {
    throw UsageError(fmt::format("{} is a folder, not a TOML file", path));
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw UsageError(path + ": File could not be opened for reading");
  return {std::istreambuf_iterator<char>(stream), {}};
}

// Of several ranks the first one reads it.
std::string text_of(const std::string& path) {
  Ranks* const ranks = Ranks::current();
  if (ranks == nullptr) return text_here(path);
  std::string text;
  ranks->told_by_first([&] { text = text_here(path); }, [&](Parcel& parcel) { parcel(text); });
  return text;
}

toml::table read_toml(const std::string& path) {
  const std::string text = text_of(path);
  try {
    return toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    const bool placed = static_cast<bool>(error.source().begin);
    throw UsageError((placed ? at(path, error.source()) : path + ": ") +
                     std::string(error.description()));
  }
}

template <class Work>
void located(const std::string& path, const toml::node& node, Work&& work) {
  try {
    work();
  } catch (const UsageError& error) {
    throw UsageError(at(path, node.source()) + error.what());
  }
}

// The value as the command line would have it.
std::string as_argument(const Option& option, const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  throw UsageError(fmt::format("'{}' must be a string, a number, true or false{}", option.name,
                               option.is_list() ? ", or a list of them" : ""));
}

void set(const std::string& path, Option& option, const toml::node& node) {
  const toml::array* list = option.is_list() ? node.as_array() : nullptr;
  if (list == nullptr) {
    return located(path, node, [&] { option.set(as_argument(option, node)); });
  }
  std::vector<std::string> words;
  for (const toml::node& entry : *list) {  // each alone, so that the wrong one is told
    located(path, entry, [&] { option.set(words.emplace_back(as_argument(option, entry))); });
  }
  located(path, node, [&] { option.set(fmt::format("{}", fmt::join(words, ","))); });
}

void insert(toml::table& table, const Option& option) {
  const auto integer = [&](auto value) {
    table.insert(option.name, static_cast<std::int64_t>(value));
  };
  std::visit(Overloaded{[&](const bool* value) { table.insert(option.name, *value); },
                        [&](const double* value) { table.insert(option.name, *value); },
                        [&](const std::string* value) {
                          if (!value->empty()) table.insert(option.name, *value);
                        },
                        // TOML's integers end at 2^63.
                        [&](const Seed* value) {
                          table.insert(option.name, std::to_string(value->value));
                        },
                        [&]<class T>(const std::vector<T>* values) {
                          toml::array array;
                          for (const T& value : *values) array.push_back(value);
                          if (!array.empty()) table.insert(option.name, std::move(array));
                        },
                        [&](const std::optional<double>* value) {
                          if (*value) table.insert(option.name, **value);
                        },
                        [&]<class T>(const std::optional<T>* value) {
                          if (*value) integer(**value);
                        },
                        [&](const auto* value) { integer(*value); }},
             option.target);
}

}  // namespace

// Decided on the command line alone: two keys of one file that exclude each other are an error.
void OptionTable::apply_config(const std::string& path) {
  const toml::table table = read_toml(path);
  std::vector<std::string> names;
  for (const Option& option : options_) names.push_back(option.name);
  std::vector<std::pair<Option*, const toml::node*>> values;
  std::vector<Option*> seen;
  for (const auto& [key, node] : table) {
    std::string name(key.str());
    std::replace(name.begin(), name.end(), '_', '-');
    Option* option = find(name);
    if (option == nullptr || name == "config") {
      throw UsageError(fmt::format("{}unknown key '{}'{}", at(path, key.source()), key.str(),
                                   did_you_mean(name, names)));
    }
    if (std::find(seen.begin(), seen.end(), option) != seen.end()) {
      throw UsageError(fmt::format("{}'{}' is given twice", at(path, key.source()), key.str()));
    }
    seen.push_back(option);
    const auto* flag = node.as_boolean();
    const bool off = flag != nullptr && !flag->get();  // as if it was not given
    if (!off && !hindered(*option)) values.emplace_back(option, &node);
  }
  for (const auto& [option, node] : values) {
    set(path, *option, *node);
    located(path, *node, [&] { check_exclusions(); });
  }
}

nlohmann::ordered_json stored_options(const std::string& text) {
  try {
    const toml::table table = toml::parse(text);
    std::ostringstream json;
    json << toml::json_formatter{table};
    return nlohmann::ordered_json::parse(json.str());
  } catch (const toml::parse_error&) {
    return nlohmann::ordered_json::object();
  }
}

template <class T>
T stored_option(const nlohmann::ordered_json& options, const char* key, T otherwise) {
  const auto found = options.find(key);
  if (found == options.end()) return otherwise;
  bool fits = found->is_string();
  if constexpr (std::is_same_v<T, double>) fits = found->is_number();
  if constexpr (std::is_same_v<T, std::uint64_t>) fits = found->is_number_unsigned();
  return fits ? found->template get<T>() : otherwise;
}
template double stored_option(const nlohmann::ordered_json&, const char*, double);
template std::uint64_t stored_option(const nlohmann::ordered_json&, const char*, std::uint64_t);
template std::string stored_option(const nlohmann::ordered_json&, const char*, std::string);

std::string OptionTable::to_toml(const std::string& inputs, const std::string& labels) const {
  toml::table table;
  for (const Option& option : options_) {
    if (option.stored) insert(table, option);
  }
  if (!inputs.empty()) table.insert("inputs", inputs);
  if (!labels.empty()) table.insert("labels", labels);
  std::ostringstream text;
  text << table << '\n';
  return text.str();
}

}  // namespace skeleta::program
