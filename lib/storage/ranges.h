#pragma once

#include <vector>

#include "storage/schema_table.h"

namespace skeleta::storage {

/// Gives each entry of the table its range. Throws std::logic_error for a rule without an entry.
void set_ranges(std::vector<DatasetEntry>& entries);

}  // namespace skeleta::storage
