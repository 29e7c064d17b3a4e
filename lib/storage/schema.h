#pragma once

#include <string>

namespace skeleta::storage {

/// The page data/schema.md: every attribute and dataset of a run file, from the table that the
/// writer and the reader use.
std::string schema_markdown();

}  // namespace skeleta::storage
