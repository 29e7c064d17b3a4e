#pragma once

#include <filesystem>
#include <memory>

#include "storage/tensor_file.h"

namespace skeleta::storage {

/// The datasets of an HDF5 file of that many bytes as tensors: their names are paths, "/W", down to
/// four groups deep and 2000 links far. Nothing but a child process (child.h) looks into the file.
/// Links are followed, packed numbers unpacked, and what would read as other numbers than were
/// meant is refused, as by read_models.
std::unique_ptr<TensorFile> open_hdf5(const std::filesystem::path& file, std::uint64_t size);

}  // namespace skeleta::storage
