#pragma once

#include <string>

#include "storage/hdf5_reader.h"

namespace skeleta::storage {

/// Whether a path leads to an object of the file.
using Exists = bool (*)(const Hdf5Reader&, const std::string&);

/// Throws FileError if there is a /W beside /model/W: nobody knows which one is meant.
void refuse_two_models(const Hdf5Reader& file, Exists exists);

/// Where the models are: "" for /W, as in model files, or "/model", as in run files. Throws
/// FileError, saying what the file holds instead, if it is neither or both.
std::string model_group(const Hdf5Reader& file, Exists exists);

}  // namespace skeleta::storage
