#pragma once

#include <filesystem>

#include "skeleta/core/function_ref.h"
#include "skeleta/core/parcel.h"

namespace skeleta::storage {

/// Of several ranks (core/exchange.h) the first one alone reads `file`: calls `read` there, and
/// hands what it set, all of which pass(parcel) packs or unpacks, to the others. Its FileError
/// about the file reaches all. Without ranks it is read().
void read_by_first(const std::filesystem::path& file, FunctionRef<void()> read,
                   FunctionRef<void(Parcel& parcel)> pass);

}  // namespace skeleta::storage
