#pragma once

#include <cstddef>
#include <string>

namespace skeleta::program {

/// The words of a text in lines of at most 80 columns, without a line break at the end. The first
/// line goes on where `column` columns are taken; the others begin with so many blanks.
std::string paragraph(const std::string& text, std::size_t column = 0);

}  // namespace skeleta::program
