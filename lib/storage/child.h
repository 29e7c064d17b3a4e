#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "skeleta/core/function_ref.h"

namespace skeleta::storage {

/// Runs `work`, which parses a file that nobody vouches for, in a child process: what kills or
/// hangs it there leaves this process alone. Returns what `work` returned. Throws FileError with
/// the sentence of the FileError that `work` threw, or saying how it died; std::bad_alloc if it
/// did.
///
/// The child is a fork without exec, so that it works in any program that links the library. It has
/// one thread, and takes no locks but those of malloc (glibc makes them good after a fork) and
/// HDF5's, which no other thread of this library holds meanwhile (Hdf5Session). It may use
/// 1 s of processor and 60 s of time, and 1 µs more for each byte of the file.
std::vector<char> in_child(const std::filesystem::path& file, std::uintmax_t file_size,
                           FunctionRef<std::vector<char>()> work);

}  // namespace skeleta::storage
