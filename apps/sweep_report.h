#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "skeleta/storage/sweep_file.h"

namespace skeleta::program {

/// One line for each cell, for people, as far as they fit; and the same as a JSON array.
/// A feature is represented if |w_i| > represented_norm.
void print_sweep(std::ostream& out, const std::vector<storage::SweptCell>& cells,
                 double represented_norm);
nlohmann::ordered_json to_json(const std::vector<storage::SweptCell>& cells,
                               double represented_norm);

}  // namespace skeleta::program
