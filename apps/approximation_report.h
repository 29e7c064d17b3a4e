#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>

#include "skeleta/storage/result_file.h"

namespace skeleta::program {

/// The JSON of approximate, from that of the rows of its datasets: an object; of --instance all a
/// list of objects. What is not a number is null.
nlohmann::ordered_json approximation_json(nlohmann::ordered_json rows,
                                          const storage::ResultFile& file);

/// One of these objects, for people.
void print_approximation(std::ostream& out, const nlohmann::ordered_json& json);

}  // namespace skeleta::program
