#include <fmt/format.h>

#include "option_table.h"
#include "paragraph.h"

namespace skeleta::program {
namespace {

constexpr std::size_t indent = 26;

// "  left   text, wrapped beside it".
std::string row(const std::string& left, const std::string& text) {
  std::string result = "  " + left;
  if (result.size() + 2 > indent) {
    result += '\n' + std::string(indent, ' ');
  } else {
    result.resize(indent, ' ');
  }
  return result + paragraph(text, indent) + '\n';
}

}  // namespace

std::string Option::description() const {
  std::string text = words;
  const std::string value = usual.empty() ? value_text() : usual;
  if (!value.empty()) text += fmt::format(" [{}]", value);
  if (!excluding.empty()) text += fmt::format("; not with {}", fmt::join(excluding, ", "));
  return text;
}

std::string Option::synopsis() const {
  std::string text = positional && is_file() ? "" : flag();
  if (letter != '\0') text = fmt::format("-{},{}", letter, text);
  return type.empty() ? text : text + (text.empty() ? "" : " ") + type;
}

std::string OptionTable::rows() const {
  std::string text;
  for (const Option& option : options_) text += row(option.synopsis(), option.description());
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
