#pragma once

#include <filesystem>
#include <vector>

#include "storage/source_image.h"

namespace skeleta::storage {

/// The image of a small clean HDF5 file with what is wanted of a file of unknown origin. Links are
/// followed, and packed numbers unpacked (foreign_dataset.h).
/// Throws FileError, which names object and cause, if the file is not HDF5 or damaged, or one of
/// these is a link that leads nowhere or out of the file, not numeric, empty, larger than the
/// memory, or stored in a way that would read as other numbers than were meant. Damage may also
/// crash or hang it: run it in a child.
std::vector<char> checked_copy(const std::filesystem::path& file, Extent extent);

}  // namespace skeleta::storage
