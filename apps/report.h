#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "skeleta/estimate/integrate.h"
#include "skeleta/exact/loss.h"
#include "skeleta/storage/run_file.h"

namespace skeleta::program {

/// "0.05", or "0.01 .. 0.3" for values that differ.
std::string one_or_range(double low, double high);
std::string one_or_range(const Vector& values);

/// The word for how an exact loss was computed.
std::string exact_kernel(exact::ErrorControl control);

/// The table by skeleton and the lines below it, for people.
void print_estimate(std::ostream& out, const storage::EstimateRun& run);

/// How a sampled loss compares with the exact one: a line, and the JSON object "check".
void print_check(std::ostream& out, const IntegralBySkeleton& loss, const exact::Loss& exact);
nlohmann::ordered_json check_json(const IntegralBySkeleton& loss, const exact::Loss& exact);

/// What a careful reader must know of the interval, a sentence each.
std::vector<std::string> warnings(const storage::EstimateRun& run);

/// What --method auto picked and why, in one line, and as the JSON object "choice".
std::string choice_text(const std::string& method, const std::vector<estimate::Foreseen>& foreseen,
                        double exact_seconds);
nlohmann::ordered_json choice_json(const std::vector<estimate::Foreseen>& foreseen,
                                   double exact_seconds);

/// The same as JSON, with the stable keys of `skeleta estimate --json`. What is not a number is
/// null.
nlohmann::ordered_json to_json(const storage::EstimateRun& run, std::uint64_t seed, int threads);

}  // namespace skeleta::program
