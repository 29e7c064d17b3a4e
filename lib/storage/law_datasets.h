#pragma once

#include <optional>
#include <string>
#include <vector>

#include "skeleta/measure/data_law.h"
#include "storage/hdf5_reader.h"

namespace skeleta::storage {

/// The value laws and groups of a model file, as read_models says; nothing where it has none.
/// `data` is "" or "/data".
std::vector<ValueLaw> read_values(const Hdf5Reader& reader, const std::string& data,
                                  Index features);
std::optional<ActivityTree> read_activity(const Hdf5Reader& reader, const std::string& data,
                                          Index features);

}  // namespace skeleta::storage
