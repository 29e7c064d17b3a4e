#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "skeleta/storage/linear_file.h"

namespace skeleta::program {

using storage::FlowRun;
using storage::MomentRow;

/// Sets are counted from 1 here, as in the notes (mathematics.md, Theorem 8.1): 1 is the largest
/// eigenvalue.
void print_critical_points(std::ostream& out, const linear::Spectrum& spectrum,
                           const std::vector<linear::CriticalPoint>& points);

/// Where a given model stands.
void print_classification(std::ostream& out, const linear::Classification& where);
nlohmann::ordered_json to_json(const linear::Classification& where);

void print_flows(std::ostream& out, const linear::Spectrum& spectrum, Index hidden,
                 const std::vector<double>& times, const std::vector<FlowRun>& runs);

/// `data`: the features of a row; only its law is told.
void print_moments(std::ostream& out, const std::vector<MomentRow>& rows, const Features& data);

}  // namespace skeleta::program
