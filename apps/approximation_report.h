#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "skeleta/storage/approximation_file.h"

namespace skeleta::program {

using storage::approximation_results;
using storage::ApproximationReport;
using storage::certified_of;
using storage::CountLaw;
using storage::CurvePoint;
using storage::ModelShare;

/// The largest density of the curve up to which, at every listed one, the 1-sparse minimiser costs
/// at most epsilon times the minimum; none if it costs more at the smallest.
std::optional<double> largest_density_by_excess(const std::vector<CurvePoint>& curve,
                                                double epsilon);

/// What is proven, and what rests on the starts having found the global minima.
std::string rigorous(const ApproximationReport& report);

void print_approximation(std::ostream& out, const ApproximationReport& report);

/// With the stable keys of `skeleta approximate --json`. What is not a number is null.
nlohmann::ordered_json to_json(const ApproximationReport& report);

}  // namespace skeleta::program
