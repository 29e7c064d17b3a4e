#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "skeleta/core/function_ref.h"
#include "skeleta/core/types.h"
#include "storage/hdf5_reader.h"

namespace skeleta::storage {

/// Numbers of a model file, each of which must be `legal`: `rule` says how, after "every entry
/// must". Throw FileError, naming dataset and index.
Array<double> read_legal(const Hdf5Reader& reader, const std::string& path,
                         FunctionRef<bool(double)> legal, const char* rule);
Array<double> read_finite(const Hdf5Reader& reader, const std::string& path);

/// One list for each instance: that of all, or, from [instance, feature], its own; a single number
/// is that of all features. `weights` is the shape that the model's weights have, their axes in the
/// usual order. Empty if there is no such dataset.
std::vector<Vector> read_by_feature(const Hdf5Reader& reader, const std::string& path,
                                    const std::string& weights_path, const Shape& weights,
                                    FunctionRef<bool(double)> legal, const char* rule);

/// One number for each instance; a single one is that of all.
std::vector<double> read_by_instance(const Hdf5Reader& reader, const std::string& path,
                                     std::size_t instances);

/// x as one of the whole numbers low, …, high.
std::int64_t whole_number(const Hdf5Reader& reader, const std::string& path, double x,
                          std::int64_t low, std::int64_t high);

}  // namespace skeleta::storage
