#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace skeleta {

/// An enumeration whose values 0, 1, … have names, which options, messages and files use. They
/// stand beside it, in its namespace, where the functions below are taken in too:
///   constexpr auto names_of(Enum) { return std::to_array<std::string_view>({"first", "second"}); }
template <class Enum>
concept Named = requires(Enum value) {
  names_of(value);
};

/// Throws std::logic_error for what is no value.
template <Named Enum>
std::string to_string(Enum value) {
  const auto names = names_of(value);
  const auto place = static_cast<std::size_t>(value);
  if (place >= names.size()) throw std::logic_error("a value that its enumeration does not have");
  return std::string(names[place]);
}

/// All of them, in the order of the values.
template <Named Enum>
std::vector<std::string> names() {
  const auto all = names_of(Enum{});
  return {all.begin(), all.end()};
}

/// The value of that name, if there is one.
template <Named Enum>
std::optional<Enum> named(std::string_view name) {
  const auto all = names_of(Enum{});
  const auto found = std::find(all.begin(), all.end(), name);
  if (found == all.end()) return std::nullopt;
  return static_cast<Enum>(found - all.begin());
}

}  // namespace skeleta
