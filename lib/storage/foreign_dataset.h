#pragma once

#include <string>
#include <vector>

#include "storage/hdf5_reader.h"

namespace skeleta::storage {

/// Whether the numbers are not meant as they are stored: the attribute scale_factor or add_offset
/// of the CF conventions is there.
bool is_packed(const Hdf5Reader& file, const std::string& path);

/// The numbers that a dataset of unknown origin means: stored·scale_factor + add_offset, if packed.
///
/// Throws FileError unless they are all stored in the file itself, by means that this HDF5 library
/// has: a virtual dataset, or one whose numbers lie in a raw file beside it, is refused, for it
/// reads as zeros where those are gone; one that was never written, or not in all its chunks, reads
/// as zeros too (of one without chunks that was begun, nobody can tell); and an unknown filter is
/// named. Also, naming the entry, if one as it is stored is the _FillValue, the missing_value or
/// netCDF's own fill value, or lies outside of valid_range, valid_min or valid_max: these stand for
/// numbers that are not there. (NaN needs no such name.)
Array<double> read_foreign(const Hdf5Reader& file, const std::string& path);

}  // namespace skeleta::storage
