#pragma once

#include "skeleta/core/version.h"
#include "skeleta/storage/run_file.h"
#include "storage/hdf5_reader.h"
#include "storage/hdf5_writer.h"

namespace skeleta::storage {

/// The root attributes that every run file begins with.
void write_header(Hdf5Writer& file, const char* filetype, const Provenance& provenance);

/// Throws FileError, naming both, if the file is of another filetype or major version, or if it is
/// not as the schema table says (layout.h).
void check_kind(const Hdf5Reader& file, const char* filetype);

/// Each throws FileError if an attribute is missing.
BuildInfo read_build(const Hdf5Reader& file);
Provenance read_provenance(const Hdf5Reader& file);

}  // namespace skeleta::storage
