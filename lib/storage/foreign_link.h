#pragma once

#include <string>

#include "storage/hdf5_reader.h"

namespace skeleta::storage {

/// Whether the path leads to an object of this file. Nothing outside of the file is opened: a link
/// into another file is refused, as is one that leads nowhere or in circles, or is of an unknown
/// kind; FileError names it and where it leads.
bool leads_to_object(const Hdf5Reader& file, const std::string& path);

}  // namespace skeleta::storage
