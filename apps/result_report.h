#pragma once

#include <iosfwd>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "skeleta/storage/result_file.h"

namespace skeleta::program {

/// What --json prints. Bytes of a file or a path that are no UTF-8 become U+FFFD.
void print_json(std::ostream& out, const nlohmann::ordered_json& json);

/// The datasets of a run, each where its description says. What is not a number is null.
nlohmann::ordered_json json_of_rows(const std::vector<storage::ResultDataset>& datasets);

/// What a result is to a command, to the command typed again, and to `show` of its file: the
/// datasets, each in its place, with seed, threads and seconds. An object, or a list of them for
/// --instance all. What is not a number is null.
nlohmann::ordered_json run_json(const storage::ResultFile& file);

/// With seed, threads, and seconds unless it has its own.
nlohmann::ordered_json with_origin(nlohmann::ordered_json run, const storage::Provenance& from);

/// The same for people; of a kind without a table of its own a table for each axis, and the shapes
/// of what lies along several.
void print_result(std::ostream& out, const storage::ResultFile& file);

/// What `show --json` prints of it: {"filetype", …, GROUP: {NAME: nested lists, …}} with the same
/// keys, or under "runs" a list of the same objects if the kind may have several instances, and
/// every dataset besides.
nlohmann::ordered_json result_json(const storage::ResultFile& file);

/// Of the stored options as JSON (stored_options in option_table.h).
bool all_instances(const nlohmann::ordered_json& options);

/// What stands there. Throws UsageError, a sentence, where nothing does: the file that it
/// is from was changed by another program.
const nlohmann::ordered_json& at(const nlohmann::ordered_json& object, const char* key);
const nlohmann::ordered_json& entry(const nlohmann::ordered_json& list, std::size_t place);

/// A number of JSON, where null stands for `otherwise`; and a text, where it stands for "-".
double number(const nlohmann::ordered_json& value,
              double otherwise = std::numeric_limits<double>::quiet_NaN());
std::string text(const nlohmann::ordered_json& value);

}  // namespace skeleta::program
