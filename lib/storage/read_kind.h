#pragma once

#include "skeleta/storage/model_file.h"
#include "skeleta/storage/result_file.h"

namespace skeleta::storage {

/// A file of that kind; with `models`, its /model and /data are checked and read as those of a
/// model file, and not again as datasets. Throws FileError as read_run does.
ResultFile read_kind(const std::filesystem::path& path, const std::string& filetype,
                     ModelFile* models = nullptr);

}  // namespace skeleta::storage
