#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>

#include "skeleta/storage/result_file.h"

namespace skeleta::program {

/// The JSON of spectrum, from that of the rows of its datasets: an object; of --instance all a list
/// of objects.
nlohmann::ordered_json spectrum_json(nlohmann::ordered_json rows, const storage::ResultFile& file);

/// One of these objects, for people.
void print_spectrum_of_model(std::ostream& out, const nlohmann::ordered_json& json);

}  // namespace skeleta::program
