#pragma once

#include <filesystem>
#include <span>

namespace skeleta::storage {

/// Finds out, before any work, whether a file can be written under the name `target`; leaves
/// nothing behind. It creates and removes the temporary file beside it, since permissions alone
/// don't tell: root passes them, a read-only file system refuses all the same.
/// Throws FileError if the target is a folder or a device, exists and `overwrite` is false, or if
/// its folder is missing or not writable.
void check_output(const std::filesystem::path& target, bool overwrite);

/// Puts a file of these bytes under the name `target`, which at any moment is the previous file or
/// the new one, whole. Throws FileError if it exists and `overwrite` is false, or if writing fails;
/// then `target` is untouched.
void write_output(const std::filesystem::path& target, std::span<const char> bytes, bool overwrite);

}  // namespace skeleta::storage
