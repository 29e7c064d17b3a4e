#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace skeleta::storage {

/// The lines of a text file, one name for each of `count` features. A byte order mark, \r before
/// \n, and a missing last \n are no part of them. Throws FileError, naming the line, if there are
/// not as many, or one is longer than 4096 bytes, is not UTF-8, or has control characters.
std::vector<std::string> read_feature_names(const std::filesystem::path& file, std::size_t count);

}  // namespace skeleta::storage
