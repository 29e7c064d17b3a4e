#pragma once

#include <vector>

#include "skeleta/storage/run_file.h"
#include "storage/hdf5_reader.h"
#include "storage/hdf5_writer.h"

namespace skeleta::storage {

/// The states of all runs under /state, one stratum after the other; nothing if there are none.
void write_states(Hdf5Writer& file, const std::vector<EstimateRun>& runs);

/// Reads them back; nothing if the file has none.
void read_states(const Hdf5Reader& file, std::vector<EstimateRun>& runs);

}  // namespace skeleta::storage
