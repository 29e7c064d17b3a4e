#pragma once

#include "skeleta/storage/model_file.h"
#include "storage/hdf5_reader.h"

namespace skeleta::storage {

/// read_models of a file that is open already.
ModelFile read_models_from(const Hdf5Reader& reader, ReadOptions options);

}  // namespace skeleta::storage
