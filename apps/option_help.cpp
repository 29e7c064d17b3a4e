#include <fmt/format.h>

#include "numbers.h"
#include "option_table.h"

namespace skeleta::program {
namespace {

constexpr std::size_t width = 80, indent = 26;

// "  left   text, wrapped beside it".
std::string row(const std::string& left, const std::string& text) {
  std::string result = "  " + left, line;
  if (result.size() + 2 > indent) {
    result += '\n' + std::string(indent, ' ');
  } else {
    result.resize(indent, ' ');
  }
  for (const std::string& word : to_words(text, ' ')) {
    if (!line.empty() && indent + line.size() + 1 + word.size() > width) {
      result += line + '\n' + std::string(indent, ' ');
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return result + line + '\n';
}

std::string described(const Option& option) {
  std::string text = option.words;
  const std::string usual = option.usual.empty() ? option.value_text() : option.usual;
  if (!usual.empty()) text += fmt::format(" [{}]", usual);
  if (!option.excluding.empty()) {
    text += fmt::format("; not with {}", fmt::join(option.excluding, ", "));
  }
  return text;
}

std::string left_of(const Option& option) {
  std::string text = option.positional && option.is_file() ? "" : option.flag();
  if (option.letter != '\0') text = fmt::format("-{},{}", option.letter, text);
  return option.type.empty() ? text : text + (text.empty() ? "" : " ") + option.type;
}

}  // namespace

std::string OptionTable::rows() const {
  std::string text;
  for (const Option& option : options_) text += row(left_of(option), described(option));
  return text;
}

std::string OptionTable::help(const std::string& command, const std::string& words) const {
  std::string usage = fmt::format("Usage: skeleta {} [OPTIONS]", command);
  for (const Option& option : options_) {
    if (option.positional) usage += fmt::format(" [{}]", option.type);
  }
  return fmt::format("{}\n{}\n\nOptions:\n{}{}", words, usage, row("-h,--help", "Print this help"),
                     rows());
}

}  // namespace skeleta::program
