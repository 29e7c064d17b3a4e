#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "skeleta/training/sweep.h"

namespace skeleta::program {

/// Reads the TOML plan of a sweep. Lists (or one value): features, hidden, density or sparsity,
/// importance-decay, objective, seed. Values: optimizer, init, starts, steps, batch, learning-rate,
/// tolerance, represented-norm, allow-wide. In keys, _ is the same as -. `seed`, if it is given,
/// takes the place of the plan's; without either it is 1. Seeds from 2^63 on, where TOML's integers
/// end, are strings. Throws UsageError, with line and column, for a file that cannot be read or
/// parsed, a key that is not listed above (with a suggestion), an empty list, or a value of the
/// wrong type or range.
training::SweepPlan read_plan(const std::string& path, std::optional<std::uint64_t> seed);

/// All that the bits of a sweep depend on, as TOML.
std::string to_toml(const training::SweepPlan& plan);

/// The threshold of represented features in what to_toml wrote.
double represented_norm(const std::string& toml);

}  // namespace skeleta::program
