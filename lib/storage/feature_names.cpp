#include "storage/feature_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "storage/input_bytes.h"

namespace skeleta::storage {
namespace {

constexpr std::size_t most_bytes = 4096;

// The length of the character of UTF-8 that `text` begins with; 0 if it begins with none: the least
// first and second byte of each length tell overlong forms, surrogates, and what is beyond Unicode.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xC2   ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(k) & 0xC0) != 0x80) return 0;
  }
  const unsigned second = byte(1);
  const bool legal = !(first == 0xE0 && second < 0xA0) && !(first == 0xED && second > 0x9F) &&
                     !(first == 0xF0 && second < 0x90) && !(first == 0xF4 && second > 0x8F);
  return legal ? length : 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

}  // namespace

std::vector<std::string> read_feature_names(const std::filesystem::path& file, std::size_t count) {
  const InputBytes bytes(file, "a text file");
  const auto refuse_count = [&](const std::string& lines) {
    bytes.refuse(fmt::format("has {} lines, but there are {} features: it must have one for each",
                             lines, count));
  };
  if (bytes.size() / (most_bytes + 2) > count) refuse_count("too many or too long");
  const std::string text = bytes.text(0, bytes.size());
  std::string_view rest = text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  std::vector<std::string> names;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto refuse_line = [&](const char* what) {
      bytes.refuse(fmt::format("line {} {}", names.size() + 1, what));
    };
    if (line.size() > most_bytes) refuse_line("is longer than a name can be, 4096 bytes");
    if (!is_utf8(line)) refuse_line("is not UTF-8: convert the file");
    if (has_control(line)) refuse_line("has control characters");
    names.emplace_back(line);
  }
  if (names.size() != count) refuse_count(std::to_string(names.size()));
  return names;
}

}  // namespace skeleta::storage
