#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "skeleta/measure/features.h"
#include "storage/array.h"
#include "storage/hdf5_reader.h"
#include "storage/hdf5_writer.h"
#include "storage/layout.h"

namespace skeleta::storage {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// 0, 1, …: the scale of an axis that only counts.
inline Array<std::int64_t> counting(Index count) {
  const auto size = static_cast<std::size_t>(count);
  Array<std::int64_t> result{{size}, std::vector<std::int64_t>(size)};
  std::iota(result.values.begin(), result.values.end(), 0);
  return result;
}

/// The group /data.
void write_data(Hdf5Writer& file, const Features& features);

/// Throws FileError if one of the datasets is not there.
void require(const Hdf5Reader& file, std::initializer_list<const char*> paths);

/// The values of a dataset of the schema table. Throws FileError unless they lie in its range; its
/// shape is as check_layout found it.
template <class T>
std::vector<T> read_entry(const Hdf5Reader& file, const std::string& path) {
  Array<T> array = file.read<T>(path);
  check_range(file, dataset_entry(path), array);
  return std::move(array.values);
}

/// Throws FileError if the value is negative.
std::uint64_t to_count(const Hdf5Reader& file, const char* path, std::int64_t value);

/// The names of an enumeration whose to_string refuses the first number that is none.
template <class Enum>
std::vector<std::string> enum_names() {
  std::vector<std::string> names;
  try {
    for (std::int8_t value = 0; value < 127; ++value) {
      names.push_back(to_string(static_cast<Enum>(value)));
    }
  } catch (const std::logic_error&) {
  }
  return names;
}

/// A category of that enumeration. Throws FileError for a word that is none of its names.
template <class Enum>
std::vector<Enum> read_enum(const Hdf5Reader& file, const std::string& path) {
  const std::vector<std::string> names = enum_names<Enum>();
  std::vector<Enum> values;
  for (const std::string& word : file.read_category(path)) {
    const auto found = std::find(names.begin(), names.end(), word);
    if (found == names.end()) {
      file.refuse(path + " is '" + word + "', which this program does not know");
    }
    values.push_back(static_cast<Enum>(found - names.begin()));
  }
  return values;
}

}  // namespace skeleta::storage
