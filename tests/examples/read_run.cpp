// Reads a run file that `skeleta estimate MODEL.h5 -o RUN.h5` has written.
#include <skeleta/skeleta.h>

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: read_run RUN.h5\n";
    return 2;
  }
  try {
    const auto file = skeleta::storage::read_run(argv[1]);
    std::cout << "written by: " << file.provenance.command_line << '\n';
    for (const auto& run : file.estimates) {
      std::cout << "instance " << run.instance << ", " << run.model.features() << " features in "
                << run.model.hidden() << " dimensions, method " << run.method << ": loss "
                << run.loss.value << " +- " << run.loss.standard_error << '\n';
    }
  } catch (const skeleta::storage::FileError& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
