#include "storage/hdf5_reader.h"

#include <fmt/format.h>
#include <hdf5_hl.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <type_traits>

#include "skeleta/storage/file_error.h"
#include "storage/physical_memory.h"

namespace skeleta::storage {
namespace {

namespace fs = std::filesystem;

const char* class_name(H5T_class_t type) {
  switch (type) {
    case H5T_INTEGER:
      return "integers";
    case H5T_FLOAT:
      return "floating-point numbers";
    case H5T_STRING:
      return "strings";
    case H5T_COMPOUND:
      return "compounds (or complex numbers)";
    case H5T_ENUM:
      return "an enumeration (or booleans)";
    default:
      return "a type that is not numeric";
  }
}

template <class T>
bool accepts(H5T_class_t type) {
  return type == H5T_INTEGER || (type == H5T_FLOAT && std::is_same_v<T, double>);
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

}  // namespace

Hdf5Reader::Hdf5Reader(const fs::path& file, Extent extent)
    : file_(file), image_(load_image(file, extent)) {
  // The library's functions on images only read, and neither copy nor release the bytes.
  constexpr unsigned flags = H5LT_FILE_IMAGE_DONT_COPY | H5LT_FILE_IMAGE_DONT_RELEASE;
  handle_ = FileHandle(H5LTopen_file_image(image_.bytes.data(), image_.bytes.size(), flags));
  if (handle_.id() < 0) refuse_to_open(hdf5_cause());
}

Hdf5Reader::Hdf5Reader(const fs::path& file, InPlace) : file_(file) {
  const htri_t hdf5 = H5Fis_hdf5(file.c_str());
  if (hdf5 == 0) refuse("is not an HDF5 file (.pt and .npz files must be converted)");
  check(hdf5, file, "open", "the file");
  handle_ = FileHandle(H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  if (handle_.id() < 0) refuse_to_open(hdf5_cause());
}

Hdf5Reader Hdf5Reader::in_place(const fs::path& file) {
  return Hdf5Reader(file, InPlace{});
}

void Hdf5Reader::refuse_to_open(const std::string& cause) const {
  if (cause.find("lock file") == std::string::npos) {
    refuse("cannot be opened, it may be truncated or damaged: " + cause);
  }
  refuse(
      fmt::format("cannot be opened: {}; another program may be writing it, or, where file "
                  "locking itself fails (some network file systems), set "
                  "HDF5_USE_FILE_LOCKING=FALSE",
                  cause));
}

void Hdf5Reader::refuse(const std::string& sentence) const {
  throw FileError(file_, sentence);
}

// H5Lexists fails, instead of answering no, if a group on the way is missing.
bool Hdf5Reader::has(const std::string& path) const {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (H5Lexists(handle_.id(), part.c_str(), H5P_DEFAULT) <= 0) return false;
    if (H5Oexists_by_name(handle_.id(), part.c_str(), H5P_DEFAULT) <= 0) return false;
    if (end == std::string::npos) return true;
  }
}

// Stops after the first few: naming one by its number takes a step for each before it.
std::string Hdf5Reader::root_names() const {
  constexpr std::size_t most = 20;
  H5G_info_t info;
  check(H5Gget_info(handle_.id(), &info), file_, "list", "/");
  std::vector<std::string> names;
  const auto add = [](hid_t, const char* name, const H5L_info_t*, void* list) -> herr_t {
    auto& listed = *static_cast<std::vector<std::string>*>(list);
    listed.emplace_back(name);
    return listed.size() == most ? 1 : 0;
  };
  check(H5Literate(handle_.id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, add, &names), file_, "list",
        "/");
  const std::string others =
      info.nlinks > names.size() ? fmt::format(" and {} more", info.nlinks - names.size()) : "";
  return fmt::format("{}{}", fmt::join(names, ", "), others);
}

ObjectHandle Hdf5Reader::open_dataset(const std::string& path) const {
  if (!has(path)) refuse(fmt::format("has no dataset {}", path));
  ObjectHandle object(check(H5Oopen(handle_.id(), path.c_str(), H5P_DEFAULT), file_, "open", path));
  if (H5Iget_type(object.id()) != H5I_DATASET) {
    refuse(fmt::format("{} is a group where a dataset is needed", path));
  }
  return object;
}

Shape Hdf5Reader::shape_of(const ObjectHandle& dataset, const std::string& path) const {
  const SpaceHandle space(check(H5Dget_space(dataset.id()), file_, "read the shape of", path));
  if (H5Sget_simple_extent_type(space.id()) == H5S_NULL) refuse(path + " is empty");
  const int rank = check(H5Sget_simple_extent_ndims(space.id()), file_, "read the shape of", path);
  std::vector<hsize_t> lengths(static_cast<std::size_t>(rank));
  check(H5Sget_simple_extent_dims(space.id(), lengths.data(), nullptr), file_, "read the shape of",
        path);
  return {lengths.begin(), lengths.end()};
}

Shape Hdf5Reader::shape(const std::string& path) const {
  return shape_of(open_dataset(path), path);
}

ObjectHandle Hdf5Reader::open_numbers(const std::string& path) const {
  ObjectHandle dataset = open_dataset(path);
  const TypeHandle type(check(H5Dget_type(dataset.id()), file_, "read the type of", path));
  const H5T_class_t kind = H5Tget_class(type.id());
  if (!accepts<double>(kind)) refuse_class(path, kind, "numbers");
  const Shape shape = shape_of(dataset, path);
  double bytes = sizeof(double);  // floating point, since a product of lengths can overflow
  for (const std::size_t length : shape) bytes *= static_cast<double>(length);
  if (bytes == 0) {
    refuse(fmt::format("{} has shape {}: no axis may be empty", path, shape_text(shape)));
  }
  // Twice, because what is read is then rearranged.
  if (2 * bytes > physical_memory()) {
    refuse(fmt::format("{} has shape {}: that needs {:.3g} GB of memory, this machine has {:.3g}",
                       path, shape_text(shape), 2e-9 * bytes, 1e-9 * physical_memory()));
  }
  return dataset;
}

void Hdf5Reader::refuse_class(const std::string& path, H5T_class_t kind, const char* needed) const {
  refuse(
      fmt::format("{} holds {} where {} are needed: convert it", path, class_name(kind), needed));
}

void Hdf5Reader::require_integers(const std::string& path) const {
  const ObjectHandle dataset = open_dataset(path);
  const TypeHandle type(check(H5Dget_type(dataset.id()), file_, "read the type of", path));
  const H5T_class_t kind = H5Tget_class(type.id());
  if (kind != H5T_INTEGER) refuse_class(path, kind, "integers");
}

template <class T>
Array<T> Hdf5Reader::read(const std::string& path) const {
  const ObjectHandle dataset = open_numbers(path);
  const TypeHandle type(check(H5Dget_type(dataset.id()), file_, "read the type of", path));
  const H5T_class_t kind = H5Tget_class(type.id());
  if (!accepts<T>(kind)) refuse_class(path, kind, "integers");
  Array<T> array{shape_of(dataset, path), {}};
  array.values.resize(element_count(array.shape));
  check(H5Dread(dataset.id(), native_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, array.values.data()),
        file_, "read", path);
  return array;
}

template Array<double> Hdf5Reader::read(const std::string&) const;
template Array<std::int64_t> Hdf5Reader::read(const std::string&) const;
template Array<std::uint8_t> Hdf5Reader::read(const std::string&) const;

std::vector<std::string> Hdf5Reader::read_category(const std::string& path) const {
  const auto values = numbers<std::int64_t>(path, "flag_values");
  const std::vector<std::string> meanings = words(text(path, "flag_meanings").value_or(""));
  if (!values || values->size() != meanings.size()) {
    refuse(
        fmt::format("{} needs the attributes flag_values and flag_meanings, of one length", path));
  }
  constexpr std::size_t most = 128;  // of the numbers of an int8
  if (meanings.size() > most) {
    refuse(fmt::format("{} has {} flag_meanings: a category has at most {}", path, meanings.size(),
                       most));
  }
  const Array<std::int64_t> array = read<std::int64_t>(path);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < array.values.size(); ++i) {
    const auto flag = std::find(values->begin(), values->end(), array.values[i]);
    if (flag == values->end()) {
      refuse(fmt::format("{}{} is {}, which is not among its flag_values", path,
                         index_text(array.shape, i), array.values[i]));
    }
    names.push_back(meanings[static_cast<std::size_t>(flag - values->begin())]);
  }
  return names;
}

std::optional<AttributeHandle> Hdf5Reader::open_attribute(const std::string& path,
                                                          const std::string& attribute) const {
  if (H5Aexists_by_name(handle_.id(), path.c_str(), attribute.c_str(), H5P_DEFAULT) <= 0) return {};
  return AttributeHandle(check(
      H5Aopen_by_name(handle_.id(), path.c_str(), attribute.c_str(), H5P_DEFAULT, H5P_DEFAULT),
      file_, "open the attribute", attribute));
}

// Fixed-length strings (MATLAB's) are read too.
std::optional<std::string> Hdf5Reader::text(const std::string& path,
                                            const std::string& attribute) const {
  const auto handle = open_attribute(path, attribute);
  if (!handle) return {};
  const TypeHandle stored(H5Aget_type(handle->id()));
  const SpaceHandle space(H5Aget_space(handle->id()));
  if (H5Tget_class(stored.id()) != H5T_STRING) return {};
  if (H5Sget_simple_extent_npoints(space.id()) != 1) return {};
  if (H5Tis_variable_str(stored.id()) <= 0) {
    std::string fixed(H5Tget_size(stored.id()), '\0');
    check(H5Aread(handle->id(), stored.id(), fixed.data()), file_, "read the attribute", attribute);
    return fixed.substr(0, fixed.find('\0'));
  }
  char* variable = nullptr;
  check(H5Aread(handle->id(), stored.id(), &variable), file_, "read the attribute", attribute);
  const std::string result = variable ? variable : "";
  H5free_memory(variable);
  return result;
}

template <class T>
std::optional<std::vector<T>> Hdf5Reader::numbers(const std::string& path,
                                                  const std::string& attribute) const {
  const auto handle = open_attribute(path, attribute);
  if (!handle) return {};
  const TypeHandle stored(H5Aget_type(handle->id()));
  const SpaceHandle space(H5Aget_space(handle->id()));
  constexpr auto kind = std::is_floating_point_v<T> ? H5T_FLOAT : H5T_INTEGER;
  if (H5Tget_class(stored.id()) != kind) return {};
  std::vector<T> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space.id())));
  check(H5Aread(handle->id(), native_type<T>(), values.data()), file_, "read the attribute",
        attribute);
  return values;
}

template std::optional<std::vector<double>> Hdf5Reader::numbers(const std::string&,
                                                                const std::string&) const;
template std::optional<std::vector<std::int64_t>> Hdf5Reader::numbers(const std::string&,
                                                                      const std::string&) const;
template std::optional<std::vector<std::uint64_t>> Hdf5Reader::numbers(const std::string&,
                                                                       const std::string&) const;

}  // namespace skeleta::storage
