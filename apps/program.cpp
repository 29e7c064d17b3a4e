#include "program.h"

#include <ostream>

namespace skeleta::program {

int run(const std::vector<std::string>&, std::ostream&, std::ostream&) {
  return 0;
}

}  // namespace skeleta::program
