#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "errors.h"
#include "numbers.h"
#include "option_table.h"

namespace skeleta::program {
namespace {

[[noreturn]] void refuse(const Option& option, const std::string& what) {
  throw UsageError(fmt::format("{}: {}", option.as_typed(), what));
}

double number(const Option& option, const std::string& text) {
  const std::optional<double> value = to_number(text);
  if (!value) refuse(option, fmt::format("'{}' is not a number", text));
  return *value;
}

std::uint64_t count(const Option& option, const std::string& text) {
  constexpr double most = 1e15;
  const double least = std::isfinite(option.low) ? option.low : 1.0;
  const double value = to_number(text).value_or(-1.0);
  if (!(value >= least && value <= most && value == std::floor(value))) {
    refuse(option,
           fmt::format("'{}' is not a count: give a whole number from {} to 1e15, such as 1e6",
                       text, least));
  }
  return static_cast<std::uint64_t>(value);
}

// A whole number, negative ones too, in the range of the option.
template <class T>
T whole(const Option& option, const std::string& text) {
  const double low = std::max(option.low, -1e9), high = std::min(option.high, 1e9);
  const std::optional<double> value = to_number(text);
  if (!value || *value != std::floor(*value) || *value < low || *value > high) {
    if (low <= -1e9) refuse(option, fmt::format("'{}' is not a whole number", text));
    refuse(option, high >= 1e9
                       ? fmt::format("'{}' is not a whole number of at least {}", text, low)
                       : fmt::format("'{}' is not a whole number from {} to {}", text, low, high));
  }
  return static_cast<T>(*value);
}

void assign(const Option& option, const std::string& text) {
  std::visit(
      Overloaded{[&](bool* target) { *target = text != "false"; },
                 [&](int* target) { *target = whole<int>(option, text); },
                 [&](Index* target) { *target = whole<Index>(option, text); },
                 [&](std::optional<Index>* target) { *target = whole<Index>(option, text); },
                 [&](double* target) { *target = number(option, text); },
                 [&](std::optional<double>* target) { *target = number(option, text); },
                 [&](std::uint64_t* target) { *target = count(option, text); },
                 [&](std::optional<std::uint64_t>* target) { *target = count(option, text); },
                 [&](std::string* target) {
                   if (option.check) option.check(text);
                   *target = text;
                 },
                 [&](std::vector<double>* target) { *target = to_list(option.flag(), text); },
                 [&](std::vector<Index>* target) {
                   target->clear();
                   for (const std::string& word : to_words(text)) {
                     target->push_back(whole<Index>(option, word));
                   }
                 },
                 [&](std::vector<std::string>* target) {
                   *target = to_words(text);
                   if (option.check) std::for_each(target->begin(), target->end(), option.check);
                 },
                 [&](Seed* target) {
                   const auto seed = to_seed(text);
                   if (!seed) {
                     refuse(option,
                            fmt::format("'{}' is not a whole number from 0 to 2^64 - 1", text));
                   }
                   target->value = *seed;
                 }},
      option.target);
  const auto check_range = [&](double value) {
    if (value >= option.low && value <= option.high) return;
    refuse(option, std::isinf(option.high)
                       ? fmt::format("{} must be at least {}", value, option.low)
                       : fmt::format("{} must lie in [{}, {}]", value, option.low, option.high));
  };
  const bool limited = option.low > -std::numeric_limits<double>::infinity();
  if (!limited) return;
  if (const auto* one = std::get_if<double*>(&option.target)) check_range(**one);
  if (const auto* one = std::get_if<std::optional<double>*>(&option.target)) check_range(***one);
  if (const auto* list = std::get_if<std::vector<double>*>(&option.target)) {
    std::for_each((*list)->begin(), (*list)->end(), check_range);
  }
}

}  // namespace

Option& Option::one_of(std::vector<std::string> list) {
  choices = std::move(list);
  return *this;
}

Option& Option::default_is(std::string text) {
  usual = std::move(text);
  return *this;
}

Option& Option::not_with(std::vector<std::string> flags) {
  excluding = std::move(flags);
  return *this;
}

Option& Option::checked_by(std::function<void(const std::string&)> rule) {
  check = std::move(rule);
  return *this;
}

Option& Option::within(double least, double most) {
  low = least;
  high = most;
  return *this;
}

Option& Option::may_change() {
  may_differ = true;
  return *this;
}

Option& Option::not_stored() {
  stored = false;
  return *this;
}

std::string Option::as_typed() const {
  return letter == '\0' ? flag() : fmt::format("-{}", letter);
}

std::string Option::value_text() const {
  return std::visit(Overloaded{[](const bool*) { return std::string(); },
                               [](const std::string* value) { return *value; },
                               [](const double* value) { return fmt::format("{}", *value); },
                               [](const std::uint64_t* value) { return count_text(*value); },
                               [](const Seed* value) { return std::to_string(value->value); },
                               []<class T>(const std::vector<T>* values) {
                                 return fmt::format("{}", fmt::join(*values, ","));
                               },
                               []<class T>(const std::optional<T>* value) {
                                 return *value ? fmt::format("{}", **value) : std::string();
                               },
                               [](const auto* value) { return std::to_string(*value); }},
                    target);
}

bool Option::is_list() const {
  return std::holds_alternative<std::vector<double>*>(target) ||
         std::holds_alternative<std::vector<Index>*>(target) ||
         std::holds_alternative<std::vector<std::string>*>(target);
}

// "MODEL.h5", "FILE.h5...", but not "[D, ...]".
bool Option::is_file() const {
  const std::size_t dot = type.find('.');
  return dot != std::string::npos && std::isalpha(static_cast<unsigned char>(type[dot + 1])) != 0;
}

void Option::set(const std::string& text) {
  if (text.empty()) {
    throw UsageError(
        fmt::format("{} needs {}", as_typed(), is_file() ? "the name of a file" : "a value"));
  }
  if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end()) {
    refuse(*this, fmt::format("'{}' is none of {}{}", text, fmt::join(choices, ", "),
                              did_you_mean(text, choices)));
  }
  assign(*this, text);
  given = true;
}

void Option::set_each(const std::vector<std::string>& texts) {
  *std::get<std::vector<std::string>*>(target) = texts;
  given = true;
}

}  // namespace skeleta::program
