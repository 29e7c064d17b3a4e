#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "storage/array.h"
#include "storage/hdf5_handle.h"
#include "storage/source_image.h"

namespace skeleta::storage {

/// An HDF5 file open for reading. Objects are named by their full path; every error is a FileError
/// that names it.
class Hdf5Reader {
 public:
  /// Opens what load_image gives: of a file that is not sealed, only what `extent` says.
  explicit Hdf5Reader(const std::filesystem::path& file, Extent extent = Extent::everything);

  /// Opens the file itself, which may crash or hang HDF5: for checked_copy alone.
  static Hdf5Reader in_place(const std::filesystem::path& file);

  const std::filesystem::path& file() const { return file_; }
  hid_t id() const { return handle_.id(); }
  /// The file is, byte for byte, what this program wrote (seal.h).
  bool sealed() const { return image_.sealed; }

  /// Whether the path leads to an object, through groups that exist.
  bool has(const std::string& path) const;
  /// The names in the root group, the first 20 of them and the number of others.
  std::string root_names() const;

  Shape shape(const std::string& path) const;
  /// Throws unless it is a dataset of numbers that are not too many, none of its axes empty.
  ObjectHandle open_numbers(const std::string& path) const;
  /// Throws unless the dataset holds integers.
  void require_integers(const std::string& path) const;
  /// T = double takes integers and floats of any width; T = std::int64_t, std::uint8_t only
  /// integers. An empty axis is an error, and so is a size that the machine's memory cannot hold.
  template <class T>
  Array<T> read(const std::string& path) const;
  /// A category by its names: int8 with CF's flag_values and flag_meanings.
  std::vector<std::string> read_category(const std::string& path) const;

  /// An attribute, or nothing if it is missing or of another kind.
  std::optional<std::string> text(const std::string& path, const std::string& attribute) const;
  template <class T>
  std::optional<std::vector<T>> numbers(const std::string& path,
                                        const std::string& attribute) const;

  /// Throws FileError about this file.
  [[noreturn]] void refuse(const std::string& sentence) const;

 private:
  struct InPlace {};
  Hdf5Reader(const std::filesystem::path& file, InPlace);

  [[noreturn]] void refuse_to_open(const std::string& cause) const;
  [[noreturn]] void refuse_class(const std::string& path, H5T_class_t kind,
                                 const char* needed) const;
  ObjectHandle open_dataset(const std::string& path) const;
  Shape shape_of(const ObjectHandle& dataset, const std::string& path) const;
  std::optional<AttributeHandle> open_attribute(const std::string& path,
                                                const std::string& attribute) const;

  std::filesystem::path file_;
  Hdf5Session session_;
  SourceImage image_;  // outlives the handle, which looks into it
  FileHandle handle_;
};

}  // namespace skeleta::storage
