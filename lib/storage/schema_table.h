#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace skeleta::storage {

/// The version of the layout, one for all kinds of files. A minor one adds, a major one breaks.
struct Version {
  int major, minor;
};
inline constexpr Version format_version{1, 5};

inline constexpr const char* estimate_filetype = "skeleta estimate";
inline constexpr const char* train_filetype = "skeleta train";
inline constexpr const char* sweep_filetype = "skeleta sweep";

enum class Element { float64, int64, int8 };

/// "float64", "int64", "int8"
std::string to_string(Element element);

/// Which numbers may stand in a dataset.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool missing = true;  ///< NaN too, which stands for a number that is not there.
};

/// "from 0 to 1, or NaN"; "" if anything may stand there.
std::string to_string(const Range& range);

/// One dataset of a run file. A dataset whose only axis is its own name is that axis' scale.
struct DatasetEntry {
  std::string group;  ///< "/loss"
  std::string name;
  Element element;
  std::vector<std::string> axes;  ///< Each has its scale in the same group.
  std::string long_name;
  std::string present = "always";
  std::string units = "1";
  Range range{};  ///< Set by ranges.cpp.

  std::string path() const { return group + "/" + name; }
  bool is_axis() const { return axes.size() == 1 && axes.front() == name; }
};

/// One attribute of the root group.
struct AttributeEntry {
  std::string name;
  std::string type;
  std::string meaning;
};

/// The one description of what run files hold, in the order in which it is written.
const std::vector<DatasetEntry>& dataset_entries();
const std::vector<AttributeEntry>& attribute_entries();

/// Throws std::logic_error if the table has no such dataset.
const DatasetEntry& dataset_entry(std::string_view path);

/// Throws std::logic_error unless the shape is what the entry's axes have as lengths.
void check_shape(const DatasetEntry& entry, const std::vector<std::size_t>& shape,
                 const std::vector<std::size_t>& axis_lengths);

/// Throws std::logic_error if the table has no such attribute of that type.
void check_attribute(std::string_view name, std::string_view type);

}  // namespace skeleta::storage
