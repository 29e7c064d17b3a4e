#pragma once

#include <filesystem>

namespace skeleta::storage {

/// Finds out, before any work, whether a file can be written under the name `target`; leaves
/// nothing behind. It creates and removes the temporary file beside it, since permissions alone
/// don't tell: root passes them, a read-only file system refuses all the same.
/// Throws FileError if the target is a folder or a device, exists and `overwrite` is false, or if
/// its folder is missing or not writable.
void check_output(const std::filesystem::path& target, bool overwrite);

}  // namespace skeleta::storage
