#include "storage/checked_copy.h"

#include <fmt/format.h>

#include <string>

#include "storage/foreign_dataset.h"
#include "storage/foreign_link.h"
#include "storage/hdf5_reader.h"
#include "storage/layout.h"
#include "storage/model_group.h"
#include "storage/schema_table.h"

namespace skeleta::storage {
namespace {

namespace fs = std::filesystem;

// The attributes that readers look at, besides those of the root group.
constexpr const char* dataset_attributes[] = {"flag_values", "flag_meanings"};

class Copy {
 public:
  explicit Copy(const fs::path& file) : source_(Hdf5Reader::in_place(file)) {
    const PropertyHandle access(H5Pcreate(H5P_FILE_ACCESS));
    constexpr std::size_t increment = 1u << 20;
    check(H5Pset_fapl_core(access.id(), increment, false), file, "copy", "the file");
    copy_ = FileHandle(check(H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.id()), file,
                             "copy", "the file"));
  }

  const Hdf5Reader& source() const { return source_; }

  // Texts get a fixed length, numbers their native type; others are not looked at by anybody.
  void attribute(const std::string& path, const std::string& name) {
    const hid_t there = copy_.id();
    if (const auto text = source_.text(path, name)) {
      const TypeHandle type(H5Tcopy(H5T_C_S1));
      H5Tset_size(type.id(), text->size() + 1);
      H5Tset_cset(type.id(), H5T_CSET_UTF8);
      put_attribute(there, path, name, type.id(), {}, text->c_str());
    } else if (const auto counts = source_.numbers<std::uint64_t>(path, name);
               counts && name == "seed") {
      put_attribute(there, path, name, H5T_NATIVE_UINT64, {counts->size()}, counts->data());
    } else if (const auto numbers = source_.numbers<std::int64_t>(path, name)) {
      put_attribute(there, path, name, H5T_NATIVE_INT64, {numbers->size()}, numbers->data());
    } else if (const auto reals = source_.numbers<double>(path, name)) {
      put_attribute(there, path, name, H5T_NATIVE_DOUBLE, {reals->size()}, reals->data());
    }
  }

  void dataset(const std::string& path) {
    const Array<double> array = read_foreign(source_, path);
    const ObjectHandle from = source_.open_numbers(path);
    const TypeHandle type(H5Dget_type(from.id()));
    if (is_packed(source_, path) || H5Tequal(type.id(), H5T_NATIVE_DOUBLE) > 0) {
      put(path, array.shape, H5T_NATIVE_DOUBLE, array.values.data());
    } else {
      put_as_it_is(path, from, type, array.shape);
    }
    for (const char* name : dataset_attributes) attribute(path, name);
  }

  std::vector<char> image() {
    check(H5Fflush(copy_.id(), H5F_SCOPE_GLOBAL), source_.file(), "copy", "the file");
    const ssize_t size =
        check(H5Fget_file_image(copy_.id(), nullptr, 0), source_.file(), "copy", "the file");
    std::vector<char> bytes(static_cast<std::size_t>(size));
    check(H5Fget_file_image(copy_.id(), bytes.data(), bytes.size()), source_.file(), "copy",
          "the file");
    return bytes;
  }

 private:
  void put_as_it_is(const std::string& path, const ObjectHandle& from, const TypeHandle& stored,
                    const Shape& shape) {
    const TypeHandle type(check(H5Tget_native_type(stored.id(), H5T_DIR_ASCEND), source_.file(),
                                "read the type of", path));
    std::vector<char> values(element_count(shape) * H5Tget_size(type.id()));
    check(H5Dread(from.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
          source_.file(), "read", path);
    put(path, shape, type.id(), values.data());
  }

  void put(const std::string& path, const Shape& shape, hid_t type, const void* values) {
    const PropertyHandle links(H5Pcreate(H5P_LINK_CREATE));
    H5Pset_create_intermediate_group(links.id(), 1);
    const std::vector<hsize_t> lengths(shape.begin(), shape.end());
    const SpaceHandle space(lengths.empty() ? H5Screate(H5S_SCALAR)
                                            : H5Screate_simple(static_cast<int>(lengths.size()),
                                                               lengths.data(), nullptr));
    const ObjectHandle dataset(check(H5Dcreate2(copy_.id(), path.c_str(), type, space.id(),
                                                links.id(), H5P_DEFAULT, H5P_DEFAULT),
                                     source_.file(), "copy", path));
    check(H5Dwrite(dataset.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), source_.file(),
          "copy", path);
  }

  void put_attribute(hid_t there, const std::string& path, const std::string& name, hid_t type,
                     const std::vector<hsize_t>& lengths, const void* value) const {
    const SpaceHandle space(lengths.empty() ? H5Screate(H5S_SCALAR)
                                            : H5Screate_simple(static_cast<int>(lengths.size()),
                                                               lengths.data(), nullptr));
    const AttributeHandle attribute(
        check(H5Acreate_by_name(there, path.c_str(), name.c_str(), type, space.id(), H5P_DEFAULT,
                                H5P_DEFAULT, H5P_DEFAULT),
              source_.file(), "copy the attribute", name));
    check(H5Awrite(attribute.id(), type, value), source_.file(), "copy the attribute", name);
  }

  Hdf5Reader source_;
  FileHandle copy_;
};

void add_if_there(const Hdf5Reader& file, const std::string& path,
                  std::vector<std::string>& paths) {
  if (leads_to_object(file, path)) paths.push_back(path);
}

std::vector<std::string> model_paths(const Hdf5Reader& file) {
  std::vector<std::string> paths;
  const std::string model = model_group(file, leads_to_object);
  const std::string data = model.empty() ? "" : "/data";
  for (const char* name :
       {"/W", "/W_in", "/W_out", "/b", "/bias", "/activation", "/noise", "/jump"}) {
    add_if_there(file, model + name, paths);
  }
  for (const char* name : {"/density", "/importance", "/value_law", "/value_first", "/value_second",
                           "/node_kind", "/node_parent", "/node_feature", "/node_probability"}) {
    add_if_there(file, data + name, paths);
  }
  return paths;
}

std::vector<std::string> schema_paths(const Hdf5Reader& file) {
  std::vector<std::string> paths;
  refuse_two_models(file, leads_to_object);
  for (const DatasetEntry& entry : dataset_entries()) add_if_there(file, entry.path(), paths);
  return paths;
}

}  // namespace

std::vector<char> checked_copy(const fs::path& file, Extent extent) {
  Copy copy(file);
  const Hdf5Reader& source = copy.source();
  for (const AttributeEntry& entry : attribute_entries()) copy.attribute("/", entry.name);
  std::vector<std::string> paths;
  if (extent == Extent::models) paths = model_paths(source);
  const auto version = source.numbers<std::int64_t>("/", "version");
  const bool readable = !version || version->empty() || version->front() == format_version.major;
  if (extent == Extent::everything && readable) {  // the others are refused for that
    paths = schema_paths(source);
    check_layout(source);  // before absurd sizes are read
  }
  for (const std::string& path : paths) copy.dataset(path);
  return copy.image();
}

}  // namespace skeleta::storage
