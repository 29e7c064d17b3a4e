#include "storage/foreign_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace skeleta::storage {
namespace {

// What netCDF fills variables with before they are written: 15·2^119 and, by type, integers.
constexpr double netcdf_fill = 9.9692099683868690e+36;
constexpr double netcdf_integer_fills[] = {-127.0, -32767.0, -2147483647.0, -9223372036854775806.0,
                                           255.0,  65535.0,  4294967295.0,  18446744073709551614.0};

[[noreturn]] void refuse_virtual(const Hdf5Reader& file, const std::string& path, hid_t list) {
  char source[256] = "?";
  std::size_t count = 0;
  H5Pget_virtual_count(list, &count);
  if (count > 0) H5Pget_virtual_filename(list, 0, source, sizeof source);
  file.refuse(
      fmt::format("{} is a virtual dataset, put together from {} parts such as '{}': a part that "
                  "is gone would read as 0, so store the numbers themselves",
                  path, count, source));
}

[[noreturn]] void refuse_external(const Hdf5Reader& file, const std::string& path, hid_t list) {
  char name[256] = "?";
  H5Pget_external(list, 0, sizeof name, name, nullptr, nullptr);
  file.refuse(fmt::format(
      "{} keeps its numbers outside, in '{}': where that is gone they would read as 0, so store "
      "the numbers themselves",
      path, std::string(name, strnlen(name, sizeof name))));
}

void check_filters(const Hdf5Reader& file, const std::string& path, hid_t list) {
  const int count = H5Pget_nfilters(list);
  for (int k = 0; k < count; ++k) {
    char name[64] = "";
    unsigned flags = 0, config = 0;
    std::size_t values = 0;
    const H5Z_filter_t filter = H5Pget_filter2(list, static_cast<unsigned>(k), &flags, &values,
                                               nullptr, sizeof name, name, nullptr);
    const bool there = H5Zfilter_avail(filter) > 0 && H5Zget_filter_info(filter, &config) >= 0 &&
                       (config & H5Z_FILTER_CONFIG_DECODE_ENABLED) != 0;
    if (there) continue;
    file.refuse(fmt::format(
        "{} is stored through the filter {}{}, which this HDF5 library does not have: store it "
        "with gzip or without, or set HDF5_PLUGIN_PATH to the folder of that filter",
        path, static_cast<int>(filter),
        name[0] != '\0' ? fmt::format(" ({})", std::string(name, strnlen(name, sizeof name)))
                        : ""));
  }
}

[[noreturn]] void refuse_unwritten(const Hdf5Reader& file, const std::string& path,
                                   const std::string& what) {
  file.refuse(
      fmt::format("{} {}, and what was not written reads as 0: write all of it", path, what));
}

void check_chunks(const Hdf5Reader& file, const std::string& path, const ObjectHandle& dataset,
                  hid_t list) {
  const Shape shape = file.shape(path);
  std::vector<hsize_t> chunk(shape.size());
  check(H5Pget_chunk(list, static_cast<int>(chunk.size()), chunk.data()), file.file(),
        "read the chunks of", path);
  double all = 1.0;
  for (std::size_t k = 0; k < shape.size(); ++k) {
    all *= std::ceil(static_cast<double>(shape[k]) / static_cast<double>(chunk[k]));
  }
  hsize_t written = 0;
  const SpaceHandle space(H5Dget_space(dataset.id()));
  check(H5Dget_num_chunks(dataset.id(), space.id(), &written), file.file(), "count the chunks of",
        path);
  if (written == 0) refuse_unwritten(file, path, "was never written");
  if (static_cast<double>(written) < all) {
    refuse_unwritten(file, path, fmt::format("was written in part, {} of {} chunks", written, all));
  }
}

// A number, or numbers; empty without such an attribute.
std::vector<double> real_attribute(const Hdf5Reader& file, const std::string& path,
                                   const char* name) {
  if (H5Aexists_by_name(file.id(), path.c_str(), name, H5P_DEFAULT) <= 0) return {};
  const AttributeHandle attribute(
      check(H5Aopen_by_name(file.id(), path.c_str(), name, H5P_DEFAULT, H5P_DEFAULT), file.file(),
            "open the attribute", name));
  const TypeHandle type(H5Aget_type(attribute.id()));
  const SpaceHandle space(H5Aget_space(attribute.id()));
  const H5T_class_t kind = H5Tget_class(type.id());
  const hssize_t count = H5Sget_simple_extent_npoints(space.id());
  constexpr hssize_t most = 2;
  if ((kind != H5T_INTEGER && kind != H5T_FLOAT) || count < 1 || count > most) {
    file.refuse(
        fmt::format("the attribute {} of {} is no number: mend it or take it away", name, path));
  }
  std::vector<double> values(static_cast<std::size_t>(count));
  check(H5Aread(attribute.id(), H5T_NATIVE_DOUBLE, values.data()), file.file(),
        "read the attribute", name);
  return values;
}

double packing_number(const Hdf5Reader& file, const std::string& path, const char* name,
                      double without) {
  const std::vector<double> values = real_attribute(file, path, name);
  if (values.empty()) return without;
  if (!std::isfinite(values.front())) {
    file.refuse(fmt::format("the attribute {} of {} is {}: it must be a finite number", name, path,
                            values.front()));
  }
  return values.front();
}

bool is_integer(const Hdf5Reader& file, const std::string& path) {
  const ObjectHandle dataset(H5Oopen(file.id(), path.c_str(), H5P_DEFAULT));
  const TypeHandle type(H5Dget_type(dataset.id()));
  return H5Tget_class(type.id()) == H5T_INTEGER;
}

// HDF5's own fill value, if it is one of those that netCDF takes.
std::vector<double> netcdf_fills(const Hdf5Reader& file, const std::string& path) {
  if (!is_integer(file, path)) return {netcdf_fill};
  const ObjectHandle dataset(H5Oopen(file.id(), path.c_str(), H5P_DEFAULT));
  const PropertyHandle list(H5Dget_create_plist(dataset.id()));
  H5D_fill_value_t defined = H5D_FILL_VALUE_ERROR;
  double fill = 0.0;
  if (H5Pfill_value_defined(list.id(), &defined) < 0 || defined != H5D_FILL_VALUE_USER_DEFINED ||
      H5Pget_fill_value(list.id(), H5T_NATIVE_DOUBLE, &fill) < 0) {
    return {};
  }
  const bool netcdf =
      std::count(std::begin(netcdf_integer_fills), std::end(netcdf_integer_fills), fill) > 0;
  return netcdf ? std::vector<double>{fill} : std::vector<double>{};
}

void refuse_value(const Hdf5Reader& file, const std::string& path, const Array<double>& array,
                  double value, const char* what) {
  const auto found = std::find(array.values.begin(), array.values.end(), value);  // never NaN
  if (found == array.values.end()) return;
  file.refuse(
      fmt::format("{}{} is {}, {}, which stands for a number that is missing", path,
                  index_text(array.shape, static_cast<std::size_t>(found - array.values.begin())),
                  value, what));
}

void check_valid(const Hdf5Reader& file, const std::string& path, const Array<double>& array) {
  double low = -std::numeric_limits<double>::infinity(), high = -low;
  const auto range = real_attribute(file, path, "valid_range");
  const auto least = real_attribute(file, path, "valid_min");
  const auto most = real_attribute(file, path, "valid_max");
  if (range.size() == 2) {
    low = range[0];
    high = range[1];
  }
  if (!least.empty()) low = least.front();
  if (!most.empty()) high = most.front();
  for (std::size_t k = 0; k < array.values.size(); ++k) {
    if (!(array.values[k] < low || array.values[k] > high)) continue;
    file.refuse(fmt::format("{}{} is stored as {}, outside of its valid range from {} to {}", path,
                            index_text(array.shape, k), array.values[k], low, high));
  }
}

void check_storage(const Hdf5Reader& file, const std::string& path, const ObjectHandle& dataset) {
  const PropertyHandle list(
      check(H5Dget_create_plist(dataset.id()), file.file(), "read the storage of", path));
  const H5D_layout_t layout = H5Pget_layout(list.id());
  if (layout == H5D_VIRTUAL) refuse_virtual(file, path, list.id());
  if (H5Pget_external_count(list.id()) > 0) refuse_external(file, path, list.id());
  check_filters(file, path, list.id());
  if (layout == H5D_CHUNKED) {
    check_chunks(file, path, dataset, list.id());
    return;
  }
  H5D_space_status_t status = H5D_SPACE_STATUS_ERROR;
  check(H5Dget_space_status(dataset.id(), &status), file.file(), "read the storage of", path);
  if (layout == H5D_CONTIGUOUS && status != H5D_SPACE_STATUS_ALLOCATED) {
    refuse_unwritten(file, path, "was never written");
  }
}

void unpack(const Hdf5Reader& file, const std::string& path, Array<double>& array) {
  const double scale = packing_number(file, path, "scale_factor", 1.0);
  const double offset = packing_number(file, path, "add_offset", 0.0);
  for (double& x : array.values) x = x * scale + offset;
}

void check_missing(const Hdf5Reader& file, const std::string& path, const Array<double>& array) {
  if (file.text(path, "_Unsigned") == "true" && is_integer(file, path)) {
    file.refuse(fmt::format(
        "{} holds unsigned numbers in a signed type (attribute _Unsigned): store them as what "
        "they are",
        path));
  }
  for (const char* name : {"_FillValue", "missing_value"}) {
    for (const double value : real_attribute(file, path, name)) {
      refuse_value(file, path, array, value, fmt::format("its {}", name).c_str());
    }
  }
  for (const double value : netcdf_fills(file, path)) {
    refuse_value(file, path, array, value, "netCDF's fill value");
  }
  check_valid(file, path, array);
}

}  // namespace

bool is_packed(const Hdf5Reader& file, const std::string& path) {
  return !real_attribute(file, path, "scale_factor").empty() ||
         !real_attribute(file, path, "add_offset").empty();
}

Array<double> read_foreign(const Hdf5Reader& file, const std::string& path) {
  check_storage(file, path, file.open_numbers(path));
  Array<double> array = file.read<double>(path);
  check_missing(file, path, array);
  if (is_packed(file, path)) unpack(file, path, array);
  return array;
}

}  // namespace skeleta::storage
