#pragma once

#include <optional>
#include <vector>

#include "approximation_report.h"
#include "skeleta/storage/result_file.h"

namespace skeleta::program {

/// What a file of `skeleta approximate` holds: the reports of one command, which differ by instance
/// only, and the state of --certify, to go on from.
storage::Results approximation_results(const std::vector<ApproximationReport>& reports);

/// The state of --certify, bit by bit; nothing if the file has none.
std::optional<certify::CertifiedMinimum> certified_of(const storage::ResultFile& file);

}  // namespace skeleta::program
