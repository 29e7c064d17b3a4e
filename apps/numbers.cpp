#include "numbers.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "errors.h"

namespace skeleta::program {
namespace {

// std::from_chars refuses both blanks and a plus sign.
std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t first = std::min(text.find_first_not_of(blanks), text.size());
  text.remove_prefix(first);
  text = text.substr(0, text.find_last_not_of(blanks) + 1);
  const bool plus = text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+';
  return plus ? text.substr(1) : text;
}

template <class T>
std::optional<T> converted(std::string_view text) {
  const std::string_view number = trimmed(text);
  T value{};
  const char* const stop = number.data() + number.size();
  const auto [end, error] = std::from_chars(number.data(), stop, value);
  if (error != std::errc() || end != stop) return {};
  return value;
}

double finite(const std::string& flag, const std::string& list, const std::string& text) {
  const std::optional<double> value = to_number(text);
  if (value && std::isfinite(*value)) return *value;
  throw UsageError(fmt::format("{} '{}': '{}' is not a finite number", flag, list, text));
}

}  // namespace

std::optional<double> to_number(std::string_view text) {
  return converted<double>(text);
}

std::optional<std::uint64_t> to_seed(std::string_view text) {
  return converted<std::uint64_t>(text);
}

std::vector<std::string> to_words(const std::string& text, char separator) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c == separator) {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

std::vector<double> to_list(const std::string& flag, const std::string& text) {
  std::vector<double> values;
  const std::vector<std::string> range = to_words(text, ':');
  if (range.size() == 1) {
    for (const std::string& word : to_words(text)) values.push_back(finite(flag, text, word));
    return values;
  }
  const bool ratios = range.size() == 4 && range[3] == "log";
  const double count = range.size() == 3 || ratios ? finite(flag, text, range[2]) : 0.0;
  if (!(count >= 2.0 && count <= 1e4 && count == std::floor(count))) {
    throw UsageError(fmt::format(
        "{} {}: give a list A,B,... or A:B:N, N = 2 to 10000 values from A to B", flag, text));
  }
  const double first = finite(flag, text, range[0]), last = finite(flag, text, range[1]);
  if (ratios && !(first > 0.0 && last > 0.0)) {
    throw UsageError(fmt::format("{} {}: ends of equal ratios must be positive", flag, text));
  }
  for (double n = 0.0; n < count; ++n) {
    const double part = n / (count - 1.0);
    const double value =
        ratios ? first * std::pow(last / first, part) : std::lerp(first, last, part);
    values.push_back(part == 1.0 ? last : value);
  }
  return values;
}

std::string count_text(std::uint64_t count) {
  int zeros = 0;
  std::uint64_t rest = count;
  for (; rest > 0 && rest % 10 == 0; rest /= 10) ++zeros;
  return zeros >= 4 ? fmt::format("{}e{}", rest, zeros) : fmt::format("{}", count);
}

}  // namespace skeleta::program
