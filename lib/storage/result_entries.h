#pragma once

#include <vector>

#include "storage/schema_table.h"

namespace skeleta::storage {

/// The part of the schema table that result files (result_file.h) are made of.
std::vector<DatasetEntry> result_entries();

}  // namespace skeleta::storage
