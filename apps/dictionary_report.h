#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "skeleta/storage/dictionary_file.h"

namespace skeleta::program {

/// The run of a dictionary for people: the loss, its parts by number of active features, how its
/// features are spread, and the `top` with the largest part of the loss. `names` of the features
/// may be empty.
void print_dictionary(std::ostream& out, const storage::DictionaryRun& run, std::size_t top,
                      const std::vector<std::string>& names);

}  // namespace skeleta::program
