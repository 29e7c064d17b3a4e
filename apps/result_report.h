#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "skeleta/storage/result_file.h"

namespace skeleta::program {

/// What is in a result file: a table for each axis, and the shapes of what lies along several.
void print_result(std::ostream& out, const storage::ResultFile& file);

/// What a command with these datasets prints for --json, each where its description says. What is
/// not a number is null.
nlohmann::ordered_json to_json(const std::vector<storage::ResultDataset>& datasets);

/// The same of a file, and everything in it: {"filetype", …, GROUP: {NAME: nested lists, …}}.
nlohmann::ordered_json result_json(const storage::ResultFile& file);

}  // namespace skeleta::program
