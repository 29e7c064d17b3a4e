#pragma once

#include <filesystem>
#include <span>

namespace skeleta::storage {

/// The file beside `target` that a write goes to first: "NAME.tmp-PID".
std::filesystem::path temporary_path(const std::filesystem::path& target);

/// Puts a file of these bytes under the name `target`, which at any moment, also after a crash, is
/// the previous file or the new one, whole.
/// Throws FileError if it exists and `overwrite` is false, or if writing fails (a full disk, a
/// limit of the file size); then the temporary file is gone and `target` untouched.
void replace_file(const std::filesystem::path& target, std::span<const char> bytes, bool overwrite);

}  // namespace skeleta::storage
