// TOML plans of sweeps.
#include "sweep_plan.h"
#include "target.h"

void consume(std::span<const char> bytes) {
  skeleta::program::read_plan(file_of(bytes), 1);
}
