#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace skeleta::program {

/// The whole program: arguments without the program's name in, exit code out.
int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace skeleta::program
