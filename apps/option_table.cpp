#include "option_table.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "errors.h"

namespace skeleta::program {
namespace {

bool excludes(const Option& a, const Option& b) {
  return std::find(a.excluding.begin(), a.excluding.end(), b.flag()) != a.excluding.end();
}

}  // namespace

Option& OptionTable::add(const std::string& flag, Target target, const std::string& type,
                         const std::string& words) {
  Option option;
  option.target = target;
  option.type = type;
  option.words = words;
  const std::size_t dashes = flag.find("--");
  option.positional = dashes == std::string::npos;
  option.name = option.positional ? flag : flag.substr(dashes + 2);
  if (!option.positional && dashes > 0) option.letter = flag[1];
  return options_.emplace_back(std::move(option));
}

Option* OptionTable::find(const std::string& name) {
  const auto found = std::find_if(options_.begin(), options_.end(),
                                  [&](const Option& one) { return one.name == name; });
  return found == options_.end() ? nullptr : &*found;
}

bool OptionTable::parse(const std::string& command, const std::vector<std::string>& arguments) {
  CLI::App parser("", command);
  std::vector<std::string> flags{"--help"};
  for (Option& option : options_) {
    const std::string name =
        (option.letter == '\0' ? "" : fmt::format("-{},", option.letter)) + option.flag();
    if (std::holds_alternative<bool*>(option.target)) {
      parser.add_flag_callback(name, [&option] { option.set("true"); });
    } else if (option.positional && option.is_list()) {
      parser.add_option_function<std::vector<std::string>>(
          name, [&option](const std::vector<std::string>& texts) { option.set_each(texts); });
    } else {
      parser.add_option_function<std::string>(
          name, [&option](const std::string& text) { option.set(text); });
    }
    if (!option.positional) flags.push_back(option.flag());
  }
  parser.allow_extras();
  try {
    parser.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    return false;
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what());
  }
  const std::vector<std::string> extra = parser.remaining();
  for (const std::string& argument : extra) {
    if (!argument.starts_with("-")) continue;
    const std::string flag = argument.substr(0, argument.find('='));
    const std::string near = suggestion(flag, flags);
    throw UsageError(fmt::format("unknown option {}{}", flag,
                                 near.empty() ? "" : fmt::format(", did you mean {}?", near)));
  }
  if (!extra.empty()) {
    throw UsageError(
        fmt::format("arguments that {} does not take: {}", command, fmt::join(extra, " ")));
  }
  check_exclusions();
  return true;
}

void OptionTable::check_exclusions() const {
  for (const Option& option : options_) {
    for (const std::string& flag : option.excluding) {
      if (!option.given || !given(flag)) continue;
      throw UsageError(fmt::format("{} and {} cannot be given together", option.as_typed(), flag));
    }
  }
}

// Was it given, or one that it cannot be given with?
bool OptionTable::hindered(const Option& option) const {
  if (option.given) return true;
  return std::any_of(options_.begin(), options_.end(), [&](const Option& other) {
    return other.given && (excludes(option, other) || excludes(other, option));
  });
}

bool OptionTable::given(const std::string& flag) const {
  for (const Option& option : options_) {
    if (option.flag() == flag) return option.given;
  }
  throw std::logic_error("no option " + flag);
}

std::vector<std::string> OptionTable::changeable() const {
  std::vector<std::string> names;
  for (const Option& option : options_) {
    if (option.may_differ) names.push_back(option.name);
  }
  return names;
}

}  // namespace skeleta::program
