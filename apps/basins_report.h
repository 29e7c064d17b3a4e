#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>

#include "skeleta/storage/result_file.h"

namespace skeleta::program {

/// The JSON of basins, from that of the rows of their datasets; and whether features are alike, so
/// that ends that differ by their names alone are one minimum.
nlohmann::ordered_json basins_json(nlohmann::ordered_json rows, const storage::ResultFile& file);

/// The same for people: the minima, the most probable first.
void print_basins(std::ostream& out, const nlohmann::ordered_json& run);

}  // namespace skeleta::program
