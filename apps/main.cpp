#include <csignal>
#include <iostream>

#include "program.h"

int main(int argc, char** argv) {
  // Whoever reads may leave (`| head -1`): that is seen where it is written, and told.
  std::signal(SIGPIPE, SIG_IGN);
  return skeleta::program::run({argv + 1, argv + argc}, std::cout, std::cerr);
}
