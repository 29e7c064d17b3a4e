#include <iostream>

#include "program.h"

int main(int argc, char** argv) {
  return skeleta::program::run({argv + 1, argv + argc}, std::cout, std::cerr);
}
