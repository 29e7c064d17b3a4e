#pragma once

#include <filesystem>
#include <vector>

namespace skeleta::storage {

/// What of a file is wanted.
enum class Extent {
  attributes,  ///< Those of the root group.
  models,      ///< These, and what a model file is made of.
  everything,  ///< These, and what the schema table has.
};

/// An HDF5 file in memory which HDF5 may be trusted with.
struct SourceImage {
  std::vector<char> bytes;
  bool sealed = false;  ///< As this program wrote it: the seal (seal.h) is intact.
};

/// Reads a file. A sealed one is checked and taken as it is, whatever the extent; of another one a
/// child process makes a checked copy (checked_copy.h), so that damage, which HDF5 crashes or hangs
/// on, and storage outside of the file do no harm. Of several ranks the first one reads. Within an
/// Hdf5Session. Throws FileError if it is missing, not HDF5, damaged, or holds what checked_copy
/// refuses; std::bad_alloc.
SourceImage load_image(const std::filesystem::path& file, Extent extent);

}  // namespace skeleta::storage
