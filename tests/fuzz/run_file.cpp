// Run and model files as another tool may leave them: a file of data/ in which HDF5 has changed
// numbers, shapes, types, names and attributes as the bytes say, through `skeleta show`. It is
// sealed anew, so that it is read in this process and not by a child.
#include <hdf5.h>
#include <hdf5_hl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <ostream>
#include <stdexcept>
#include <vector>

#include "show.h"
#include "storage/hdf5_handle.h"
#include "storage/seal.h"
#include "target.h"

namespace {

using namespace skeleta::storage;

// Bytes that are used up; zeros behind their end.
class Bytes {
 public:
  explicit Bytes(std::span<const char> bytes) : left_(bytes) {}
  bool empty() const { return left_.empty(); }

  template <class T>
  T take() {
    T value{};
    const std::size_t count = std::min(sizeof value, left_.size());
    if (count > 0) std::memcpy(&value, left_.data(), count);
    left_ = left_.subspan(count);
    return value;
  }
  std::size_t below(std::size_t count) { return take<std::uint8_t>() % count; }

  template <class Container>
  const auto& one_of(const Container& all) {
    return all[below(std::size(all))];
  }

 private:
  std::span<const char> left_;
};

struct Source {
  std::vector<char> image;  // without its seal
  std::vector<std::string> datasets;
};

void fail(const std::string& what) {
  throw std::logic_error("fuzz target: " + what);
}

Source load(const char* name) {
  std::ifstream stream(std::string(SKELETA_SOURCE_DIR "/data/") + name, std::ios::binary);
  Source source{{std::istreambuf_iterator<char>(stream), {}}, {}};
  if (source.image.empty()) fail(std::string("no file ") + name);
  if (is_sealed(source.image)) source.image.resize(source.image.size() - seal_size);
  const FileHandle file(H5LTopen_file_image(source.image.data(), source.image.size(), 0));
  const auto note = [](hid_t, const char* path, const H5O_info_t* info, void* list) -> herr_t {
    if (info->type != H5O_TYPE_DATASET) return 0;
    static_cast<std::vector<std::string>*>(list)->emplace_back(path);
    return 0;
  };
  H5Ovisit2(file.id(), H5_INDEX_NAME, H5_ITER_INC, note, &source.datasets, H5O_INFO_BASIC);
  if (source.datasets.empty()) fail(std::string("no datasets in ") + name);
  return source;
}

const std::vector<Source>& sources() {
  static const std::vector<Source> all = [] {
    const Hdf5Session quiet;
    std::vector<Source> loaded;
    for (const char* name :
         {"trained/n5_m2_S0.75.h5", "fixtures/estimate_one.h5", "fixtures/train.h5",
          "fixtures/sweep.h5", "fixtures/approximate.h5", "fixtures/basins.h5",
          "fixtures/certified.h5", "fixtures/dictionary.h5", "fixtures/linear_flow.h5",
          "fixtures/spectrum.h5", "fixtures/thomson_match.h5", "fixtures/estimate_1_5.h5"}) {
      loaded.push_back(load(name));
    }
    return loaded;
  }();
  return all;
}

// ---- one dataset

struct Content {
  std::vector<hsize_t> shape;
  std::vector<double> numbers;
  hid_t stored = H5T_IEEE_F64LE;
};

hid_t stored_type(std::size_t which) {
  const std::array types{H5T_IEEE_F64LE, H5T_IEEE_F64BE, H5T_IEEE_F32LE, H5T_STD_I64LE,
                         H5T_STD_I8LE,   H5T_STD_U8LE,   H5T_STD_U64BE,  H5T_STD_I32LE};
  return types[which % types.size()];
}

// Nothing where it is no dataset of numbers.
bool read(hid_t file, const std::string& path, Content& content) {
  const ObjectHandle dataset(H5Dopen2(file, path.c_str(), H5P_DEFAULT));
  if (dataset.id() < 0) return false;
  const SpaceHandle space(H5Dget_space(dataset.id()));
  const TypeHandle type(H5Dget_type(dataset.id()));
  const H5T_class_t kind = H5Tget_class(type.id());
  if (kind != H5T_INTEGER && kind != H5T_FLOAT) return false;
  content.stored = kind == H5T_FLOAT                        ? H5T_IEEE_F64LE
                   : H5Tget_size(type.id()) > 1             ? H5T_STD_I64LE
                   : H5Tget_sign(type.id()) == H5T_SGN_NONE ? H5T_STD_U8LE
                                                            : H5T_STD_I8LE;
  content.shape.resize(
      static_cast<std::size_t>(std::max(0, H5Sget_simple_extent_ndims(space.id()))));
  H5Sget_simple_extent_dims(space.id(), content.shape.data(), nullptr);
  content.numbers.resize(
      static_cast<std::size_t>(std::max<hssize_t>(0, H5Sget_simple_extent_npoints(space.id()))));
  return H5Dread(dataset.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                 content.numbers.data()) >= 0;
}

void overwrite(hid_t file, const std::string& path, const std::vector<double>& numbers) {
  const ObjectHandle dataset(H5Dopen2(file, path.c_str(), H5P_DEFAULT));
  H5Dwrite(dataset.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers.data());
}

// In place of what had that name.
void create(hid_t file, const std::string& path, hid_t stored, const Content& content) {
  H5Ldelete(file, path.c_str(), H5P_DEFAULT);
  const SpaceHandle space(
      H5Screate_simple(static_cast<int>(content.shape.size()), content.shape.data(), nullptr));
  const PropertyHandle groups(H5Pcreate(H5P_LINK_CREATE));
  H5Pset_create_intermediate_group(groups.id(), 1);
  const ObjectHandle dataset(
      H5Dcreate2(file, path.c_str(), stored, space.id(), groups.id(), H5P_DEFAULT, H5P_DEFAULT));
  if (content.numbers.empty()) return;
  H5Dwrite(dataset.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, content.numbers.data());
}

double number(Bytes& bytes) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  constexpr std::array special{0.0,
                               -1.0,
                               1.0,
                               2.0,
                               3.0,
                               127.0,
                               255.0,
                               -128.0,
                               1e308,
                               -1e308,
                               5e-324,
                               1e18,
                               2147483648.0,
                               9.3e18,
                               inf,
                               -inf,
                               std::numeric_limits<double>::quiet_NaN(),
                               0.5};
  const std::size_t which = bytes.below(special.size() + 4);
  return which < special.size() ? special[which] : bytes.take<double>();
}

void change_numbers(hid_t file, const std::string& path, Bytes& bytes) {
  Content content;
  if (!read(file, path, content) || content.numbers.empty()) return;
  content.numbers[bytes.take<std::uint16_t>() % content.numbers.size()] = number(bytes);
  overwrite(file, path, content.numbers);
}

// Old numbers, one after the other, again from the first where more are needed.
void change_shape(hid_t file, const std::string& path, Bytes& bytes) {
  Content content;
  if (!read(file, path, content) || content.numbers.empty()) return;
  if (bytes.below(2) == 0 && !content.shape.empty()) {  // one axis
    content.shape[bytes.below(content.shape.size())] = bytes.below(9);
  } else {
    content.shape.resize(bytes.below(5));
    for (hsize_t& length : content.shape) length = bytes.below(9);
  }
  std::size_t count = 1;
  for (const hsize_t length : content.shape) count *= length;
  if (count > 1 << 16) return;
  const std::vector<double> before = std::move(content.numbers);
  content.numbers.resize(count);
  for (std::size_t k = 0; k < count; ++k) content.numbers[k] = before[k % before.size()];
  create(file, path, content.stored, content);
}

void change_type(hid_t file, const std::string& path, Bytes& bytes) {
  Content content;
  if (!read(file, path, content)) return;
  create(file, path, stored_type(bytes.below(8)), content);
}

void change_text(hid_t file, const std::string& path) {
  H5Ldelete(file, path.c_str(), H5P_DEFAULT);
  H5LTmake_dataset_string(file, path.c_str(), "words");
}

void change_attribute(hid_t file, const std::string& path, Bytes& bytes) {
  constexpr std::array<const char*, 14> names{
      "filetype",   "format_version", "program_version", "seed",      "options",
      "threads",    "flag_values",    "flag_meanings",   "units",     "scale_factor",
      "add_offset", "_FillValue",     "command_line",    "created_at"};
  const std::string object = bytes.below(2) == 0 ? "/" : path;
  const char* const name = bytes.one_of(names);
  H5Adelete_by_name(file, object.c_str(), name, H5P_DEFAULT);
  switch (bytes.below(4)) {
    case 0:
      return;
    case 1: {
      std::string text(bytes.below(20), ' ');
      for (char& c : text) c = bytes.take<char>();
      H5LTset_attribute_string(file, object.c_str(), name, text.c_str());
      return;
    }
    case 2: {
      const double value = number(bytes);
      H5LTset_attribute_double(file, object.c_str(), name, &value, 1);
      return;
    }
    default: {
      std::vector<int> values(1 + bytes.below(5));
      for (int& value : values) value = bytes.take<std::int8_t>();
      H5LTset_attribute_int(file, object.c_str(), name, values.data(), values.size());
    }
  }
}

void change(hid_t file, const Source& source, Bytes& bytes) {
  const std::string& path = bytes.one_of(source.datasets);
  switch (bytes.below(8)) {
    case 0:
      return change_shape(file, path, bytes);
    case 1:
      return change_type(file, path, bytes);
    case 2:
      return change_text(file, path);
    case 3:
      H5Ldelete(file, path.c_str(), H5P_DEFAULT);
      return;
    case 4: {  // by another name
      const std::string& other = bytes.one_of(source.datasets);
      H5Ldelete(file, other.c_str(), H5P_DEFAULT);
      H5Lmove(file, path.c_str(), file, other.c_str(), H5P_DEFAULT, H5P_DEFAULT);
      return;
    }
    case 5:
      return change_attribute(file, path, bytes);
    default:
      return change_numbers(file, path, bytes);
  }
}

std::vector<char> changed(const Source& source, Bytes bytes) {
  std::vector<char> image = source.image;
  const FileHandle file(H5LTopen_file_image(image.data(), image.size(), H5LT_FILE_IMAGE_OPEN_RW));
  if (file.id() < 0) fail("a source is no file");
  while (!bytes.empty()) change(file.id(), source, bytes);
  H5Fflush(file.id(), H5F_SCOPE_GLOBAL);
  std::vector<char> result(static_cast<std::size_t>(H5Fget_file_image(file.id(), nullptr, 0)));
  H5Fget_file_image(file.id(), result.data(), result.size());
  add_seal(result);
  return result;
}

}  // namespace

void consume(std::span<const char> data) {
  Bytes bytes(data);
  const Source& source = bytes.one_of(sources());
  const bool json = bytes.below(2) == 0;
  std::vector<char> image;
  {
    const Hdf5Session quiet;
    image = changed(source, bytes);
  }
  std::ostream nowhere(nullptr);
  skeleta::program::show_file(nowhere, file_of(image).string(), false, json);
}
