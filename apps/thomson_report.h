#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>

#include "skeleta/storage/result_file.h"

namespace skeleta::program {

/// The JSON of thomson solve and match, from that of the rows of their datasets: an object; of
/// match --instance all a list of objects. What is not known or not a number is null.
nlohmann::ordered_json solution_json(nlohmann::ordered_json rows, const storage::ResultFile& file);
nlohmann::ordered_json match_json(nlohmann::ordered_json rows, const storage::ResultFile& file);

/// One of these objects, for people.
void print_solution(std::ostream& out, const nlohmann::ordered_json& solution);
void print_match(std::ostream& out, const nlohmann::ordered_json& match);

}  // namespace skeleta::program
