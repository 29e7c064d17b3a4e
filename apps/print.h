#pragma once

#include <fmt/format.h>

#include <ostream>
#include <utility>

namespace skeleta::program {

/// fmt::print to a stream. That of <fmt/ostream.h> compiles all of fmt's formatting anew in every
/// source that calls it.
template <class... T>
void print_to(std::ostream& out, fmt::format_string<T...> format, T&&... values) {
  out << fmt::vformat(format, fmt::make_format_args(values...));
}

}  // namespace skeleta::program
