#include "storage/hdf5_writer.h"

#include <fmt/format.h>
#include <hdf5_hl.h>

#include <numeric>
#include <stdexcept>

#include "storage/seal.h"

namespace skeleta::storage {
namespace {

constexpr std::size_t tiny = 4096;             // bytes that are not worth a filter
constexpr std::size_t chunk_limit = 1u << 17;  // elements: 1 MiB of float64

// Whole rows as far as they fit: halves the leading axes first.
std::vector<hsize_t> chunk_lengths(Shape shape) {
  for (std::size_t& length : shape) {
    while (length > 1 && element_count(shape) > chunk_limit) length = (length + 1) / 2;
  }
  return {shape.begin(), shape.end()};
}

hid_t stored_type(Element element) {
  switch (element) {
    case Element::float64:
      return H5T_IEEE_F64LE;
    case Element::int64:
      return H5T_STD_I64LE;
    case Element::int8:
      return H5T_STD_I8LE;
    case Element::uint8:
      return H5T_STD_U8LE;
  }
  throw std::logic_error("unknown Element");
}

template <class T>
constexpr Element element_of = std::is_same_v<T, double>         ? Element::float64
                               : std::is_same_v<T, std::int64_t> ? Element::int64
                               : std::is_same_v<T, std::int8_t>  ? Element::int8
                                                                 : Element::uint8;

PropertyHandle storage_properties(const Shape& shape, std::size_t bytes) {
  PropertyHandle list(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_obj_track_times(list.id(), false);  // equal runs give equal bytes
  if (bytes <= tiny) return list;
  const std::vector<hsize_t> chunk = chunk_lengths(shape);
  H5Pset_chunk(list.id(), static_cast<int>(chunk.size()), chunk.data());
  H5Pset_shuffle(list.id());
  H5Pset_deflate(list.id(), 4);
  H5Pset_fletcher32(list.id());
  return list;
}

}  // namespace

// HDF5 1.10 can crash in close when the disk is full, so no disk takes part.
Hdf5Writer::Hdf5Writer(const std::filesystem::path& target) : target_(target) {
  const PropertyHandle access(H5Pcreate(H5P_FILE_ACCESS));
  const PropertyHandle creation(H5Pcreate(H5P_FILE_CREATE));
  constexpr std::size_t increment = 1u << 20;
  check(H5Pset_fapl_core(access.id(), increment, false), target_, "build", "the file in memory");
  H5Pset_link_creation_order(creation.id(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  handle_ = FileHandle(check(H5Fcreate(target.c_str(), H5F_ACC_TRUNC, creation.id(), access.id()),
                             target_, "build", "the file in memory"));
}

void Hdf5Writer::write_attribute(hid_t object, const std::string& name, hid_t stored, hid_t native,
                                 const std::vector<hsize_t>& lengths, const void* value) const {
  const SpaceHandle space(lengths.empty() ? H5Screate(H5S_SCALAR)
                                          : H5Screate_simple(static_cast<int>(lengths.size()),
                                                             lengths.data(), nullptr));
  const AttributeHandle attribute(
      check(H5Acreate2(object, name.c_str(), stored, space.id(), H5P_DEFAULT, H5P_DEFAULT), target_,
            "create the attribute", name));
  check(H5Awrite(attribute.id(), native, value), target_, "write the attribute", name);
}

void Hdf5Writer::write_text(hid_t object, const std::string& name, const std::string& value) const {
  const TypeHandle type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type.id(), H5T_VARIABLE);
  H5Tset_cset(type.id(), H5T_CSET_UTF8);
  const char* const text = value.c_str();
  write_attribute(object, name, type.id(), type.id(), {}, &text);
}

void Hdf5Writer::attribute(const std::string& name, const std::string& value) {
  check_attribute(name, "string");
  write_text(handle_.id(), name, value);
}

void Hdf5Writer::attribute(const std::string& name, std::uint64_t value) {
  check_attribute(name, "uint64");
  write_attribute(handle_.id(), name, H5T_STD_U64LE, H5T_NATIVE_UINT64, {}, &value);
}

void Hdf5Writer::attribute(const std::string& name, std::int32_t value) {
  check_attribute(name, "int32");
  write_attribute(handle_.id(), name, H5T_STD_I32LE, H5T_NATIVE_INT32, {}, &value);
}

void Hdf5Writer::attribute(const std::string& name, double value) {
  check_attribute(name, "float64");
  write_attribute(handle_.id(), name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {}, &value);
}

void Hdf5Writer::attribute(const std::string& name, Version value) {
  check_attribute(name, "int32[2]");
  const std::int32_t numbers[2] = {value.major, value.minor};
  write_attribute(handle_.id(), name, H5T_STD_I32LE, H5T_NATIVE_INT32, {2}, numbers);
}

void Hdf5Writer::make_group(const std::string& group) {
  if (H5Lexists(handle_.id(), group.c_str(), H5P_DEFAULT) > 0) return;
  const PropertyHandle list(H5Pcreate(H5P_GROUP_CREATE));
  H5Pset_link_creation_order(list.id(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  const ObjectHandle made(
      check(H5Gcreate2(handle_.id(), group.c_str(), H5P_DEFAULT, list.id(), H5P_DEFAULT), target_,
            "create the group", group));
}

// An axis that has not been written has no length, which no shape agrees with.
Shape Hdf5Writer::axis_lengths(const DatasetEntry& entry) const {
  Shape lengths;
  for (const std::string& axis : entry.axes) {
    const auto found = axes_.find(entry.group + "/" + axis);
    if (found != axes_.end()) lengths.push_back(found->second.length);
  }
  return lengths;
}

void Hdf5Writer::write_values(const DatasetEntry& entry, const Shape& shape, hid_t stored,
                              hid_t native, const void* values) {
  make_group(entry.group);
  const std::string path = entry.path();
  const std::vector<hsize_t> lengths(shape.begin(), shape.end());
  const SpaceHandle space(
      H5Screate_simple(static_cast<int>(lengths.size()), lengths.data(), nullptr));
  const PropertyHandle list = storage_properties(shape, element_count(shape) * H5Tget_size(stored));
  ObjectHandle dataset(check(H5Dcreate2(handle_.id(), path.c_str(), stored, space.id(), H5P_DEFAULT,
                                        list.id(), H5P_DEFAULT),
                             target_, "create", path));
  check(H5Dwrite(dataset.id(), native, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), target_, "write",
        path);
  write_text(dataset.id(), "units", entry.units);
  write_text(dataset.id(), "long_name", entry.long_name);
  if (!entry.references.empty()) write_text(dataset.id(), "references", entry.references);
  if (entry.element == Element::uint8) write_text(dataset.id(), "text_encoding", "UTF-8");
  if (entry.is_axis()) {
    check(H5DSset_scale(dataset.id(), entry.name.c_str()), target_, "make a scale of", path);
    axes_.emplace(path, Axis{std::move(dataset), shape.front()});
  } else {
    attach_axes(entry, dataset);
  }
}

void Hdf5Writer::attach_axes(const DatasetEntry& entry, const ObjectHandle& dataset) const {
  for (unsigned k = 0; k < entry.axes.size(); ++k) {
    const std::string path = entry.group + "/" + entry.axes[k];
    check(H5DSattach_scale(dataset.id(), axes_.at(path).scale.id(), k), target_, "attach the scale",
          path);
  }
}

template <class T>
void Hdf5Writer::write(const std::string& path, const Shape& shape, const std::vector<T>& values) {
  const DatasetEntry& entry = dataset_entry(path);
  if (entry.element != element_of<T>) {
    throw std::logic_error(
        fmt::format("{} is {}, not {}", path, to_string(entry.element), to_string(element_of<T>)));
  }
  check_shape(entry, shape, entry.is_axis() ? Shape{values.size()} : axis_lengths(entry));
  if (values.size() != element_count(shape)) {
    throw std::logic_error(
        fmt::format("{}: {} values for shape {}", path, values.size(), shape_text(shape)));
  }
  write_values(entry, shape, stored_type(entry.element), native_type<T>(), values.data());
}

template void Hdf5Writer::write(const std::string&, const Shape&, const std::vector<double>&);
template void Hdf5Writer::write(const std::string&, const Shape&, const std::vector<std::int64_t>&);
template void Hdf5Writer::write(const std::string&, const Shape&, const std::vector<std::uint8_t>&);

void Hdf5Writer::write(const std::string& path, const Shape& shape, const Category& category) {
  write(path, shape, category.values);
  std::vector<std::int8_t> values(category.meanings.size());
  std::iota(values.begin(), values.end(), std::int8_t{0});
  const ObjectHandle dataset(
      check(H5Oopen(handle_.id(), path.c_str(), H5P_DEFAULT), target_, "open", path));
  write_attribute(dataset.id(), "flag_values", H5T_STD_I8LE, H5T_NATIVE_INT8, {values.size()},
                  values.data());
  write_text(dataset.id(), "flag_meanings", fmt::format("{}", fmt::join(category.meanings, " ")));
}

std::vector<char> Hdf5Writer::image() const {
  check(H5Fflush(handle_.id(), H5F_SCOPE_GLOBAL), target_, "finish", "the file in memory");
  const ssize_t size =
      check(H5Fget_file_image(handle_.id(), nullptr, 0), target_, "finish", "the file in memory");
  std::vector<char> bytes;
  bytes.reserve(static_cast<std::size_t>(size) + seal_size);
  bytes.resize(static_cast<std::size_t>(size));
  check(H5Fget_file_image(handle_.id(), bytes.data(), bytes.size()), target_, "finish",
        "the file in memory");
  add_seal(bytes);
  return bytes;
}

}  // namespace skeleta::storage
