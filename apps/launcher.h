#pragma once

#include <string>

namespace skeleta::program {

/// How many ranks of one program mpirun, or a step of srun --mpi, says that it has started; 1
/// without such a launcher.
int launched_ranks();

/// Does the launcher offer what Open MPI needs to make them one, PMIx?
bool can_join_ranks();

/// Why the program cannot be one of them: a sentence.
std::string refusal_of_ranks();

}  // namespace skeleta::program
