#include "program.h"
namespace skeleta::program {
int run(const std::vector<std::string>&, std::ostream&, std::ostream&) {
  return 0;
}
}  // namespace skeleta::program
