#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "skeleta/storage/result_file.h"
#include "storage/array.h"
#include "storage/hdf5_handle.h"
#include "storage/schema_table.h"

namespace skeleta::storage {

/// A run file that is built in memory, by the schema table only: an attribute or dataset that the
/// table doesn't list, or of another type, rank or axis length, is a std::logic_error.
class Hdf5Writer {
 public:
  /// `target` names the file in errors; nothing is written to it.
  explicit Hdf5Writer(const std::filesystem::path& target);

  /// Attributes of the root group.
  void attribute(const std::string& name, const std::string& value);
  void attribute(const std::string& name, std::uint64_t value);
  void attribute(const std::string& name, std::int32_t value);
  void attribute(const std::string& name, double value);
  void attribute(const std::string& name, Version value);

  /// A dataset with units, long_name and scales. The scale of an axis is written before what lies
  /// along it, and makes its group. T: double, std::int64_t, std::int8_t, std::uint8_t, which is
  /// text.
  template <class T>
  void write(const std::string& path, const Shape& shape, const std::vector<T>& values);

  /// A category: value k means meanings[k].
  void write(const std::string& path, const Shape& shape, const Category& category);

  /// The bytes of the finished file, sealed (seal.h).
  std::vector<char> image() const;

 private:
  void make_group(const std::string& group);
  Shape axis_lengths(const DatasetEntry& entry) const;
  void write_values(const DatasetEntry& entry, const Shape& shape, hid_t stored, hid_t native,
                    const void* values);
  void attach_axes(const DatasetEntry& entry, const ObjectHandle& dataset) const;
  void write_attribute(hid_t object, const std::string& name, hid_t stored, hid_t native,
                       const std::vector<hsize_t>& lengths, const void* value) const;
  void write_text(hid_t object, const std::string& name, const std::string& value) const;

  struct Axis {
    ObjectHandle scale;
    std::size_t length;
  };

  std::filesystem::path target_;
  Hdf5Session session_;
  FileHandle handle_;
  std::map<std::string, Axis, std::less<>> axes_;  // by path; closed before the file
};

}  // namespace skeleta::storage
