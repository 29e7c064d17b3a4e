#pragma once

#include <string>
#include <vector>

#include "storage/schema_table.h"

namespace skeleta::storage {

/// A kind of run file: its names, and what it holds besides models.
struct Kind {
  std::vector<std::string> filetypes;
  Rows (*rows)();
};

/// The one list of them.
const std::vector<Kind>& kinds();

/// /model and /data
Rows model_rows();

}  // namespace skeleta::storage
