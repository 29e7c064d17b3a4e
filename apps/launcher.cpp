#include "launcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace skeleta::program {
namespace {

int number_in(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? std::atoi(value) : 0;
}

}  // namespace

// Open MPI's mpirun; that of MPICH, or srun --mpi=pmi2; srun --mpi=pmix. Tasks of another srun are
// programs for themselves.
int launched_ranks() {
  const int by_srun = can_join_ranks() ? number_in("SLURM_STEP_NUM_TASKS") : 0;
  return std::max({1, number_in("OMPI_COMM_WORLD_SIZE"), number_in("PMI_SIZE"), by_srun});
}

bool can_join_ranks() {
  return std::getenv("PMIX_RANK") != nullptr;
}

std::string refusal_of_ranks() {
  return fmt::format(
      "{} ranks were started, but this program cannot join them: it needs Open MPI when it is "
      "built (SKELETA_MPI), and that one's mpirun, or srun --mpi=pmix",
      launched_ranks());
}

}  // namespace skeleta::program
