#include "paragraph.h"

#include "numbers.h"

namespace skeleta::program {

std::string paragraph(const std::string& text, std::size_t column) {
  constexpr std::size_t width = 80;
  std::string result;
  std::size_t taken = column;  // of the last line
  for (const std::string& word : to_words(text, ' ')) {
    if (!result.empty() && taken + 1 + word.size() > width) {
      result += '\n' + std::string(column, ' ');
      taken = column;
    } else if (!result.empty()) {
      result += ' ';
      ++taken;
    }
    result += word;
    taken += word.size();
  }
  return result;
}

}  // namespace skeleta::program
