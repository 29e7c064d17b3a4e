#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "skeleta/storage/run_file.h"

namespace skeleta::program {

/// "0.05", or "0.01 .. 0.3" for values that differ.
std::string one_or_range(const Vector& values);

/// The table by skeleton and the lines below it, for people.
void print_estimate(std::ostream& out, const storage::EstimateRun& run);

/// The same as JSON, with the stable keys of `skeleta estimate --json`. What is not a number is
/// null.
nlohmann::ordered_json to_json(const storage::EstimateRun& run, std::uint64_t seed, int threads);

}  // namespace skeleta::program
