#pragma once

#include <cstddef>
#include <iosfwd>

#include "skeleta/storage/dictionary_file.h"

namespace skeleta::program {

/// The run of a dictionary for people: the loss, its parts by number of active features, how its
/// features are spread, beside random directions, and the `top` with the largest part of the loss.
void print_dictionary(std::ostream& out, const storage::DictionaryRun& run, std::size_t top);

}  // namespace skeleta::program
