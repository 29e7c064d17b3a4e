#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "skeleta/core/names.h"

namespace skeleta::storage {

/// The version of the layout, one for all kinds of files. A minor one adds, a major one breaks.
struct Version {
  int major, minor;
};
inline constexpr Version format_version{1, 12};

enum class Element { float64, int64, int8, uint8 };

constexpr auto names_of(Element) {
  return std::to_array<std::string_view>({"float64", "int64", "int8", "uint8"});
}
using skeleta::to_string;

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
  std::string name;
  Element element;
  std::vector<std::string> axes;  ///< Each has its scale in the same group.
  std::string long_name;
  Range range{};
  std::string units = "1";
  std::string json{};        ///< Its place in JSON (result_file.h); that of its block and its name.
  std::string group{};       ///< "/loss"; this and the next are those of its block.
  std::string present{};     ///< Datasets of a group with the same words are all there, or none.
  std::string references{};  ///< What says what it is, or proves it: the attribute of that name.

  std::string path() const { return group + "/" + name; }
  bool is_axis() const { return axes.size() == 1 && axes.front() == name; }
  /// 0 or 1
  bool is_flag() const { return element == Element::int64 && range.low == 0 && range.high == 1; }

  /// Numbers in [low, high], not NaN.
  DatasetEntry& from(double low, double high = std::numeric_limits<double>::infinity());
  DatasetEntry& finite();
  DatasetEntry& or_nan();
  DatasetEntry& in(const char* unit);
  /// Another name in JSON.
  DatasetEntry& as(const char* key);
  /// "mathematics.md, Theorem 3.7": a page of analysis/ and the statement there.
  DatasetEntry& cites(const char* statement);
};

/// A row of the table; `axes` are words, such as "instance l". A number may be anything, NaN too; a
/// magnitude is at least 0, or NaN; a whole number is at least 0; a word is one of a category; a
/// text is UTF-8 along its last axis, zeros behind it. An axis is whole numbers, which count unless
/// others are given.
DatasetEntry real(const char* name, const char* axes, const char* long_name);
DatasetEntry magnitude(const char* name, const char* axes, const char* long_name);
DatasetEntry whole(const char* name, const char* axes, const char* long_name);
DatasetEntry word(const char* name, const char* axes, const char* long_name);
DatasetEntry text(const char* name, const char* axes, const char* long_name);
DatasetEntry axis(const char* name, const char* long_name);

using Rows = std::vector<DatasetEntry>;

/// The row as one of a group; what has no `place` in JSON, and what only counts, is not there.
void set_block(DatasetEntry& entry, const char* group, const char* present, const char* place);
Rows block(const char* group, const char* present, Rows rows, const char* place = nullptr);

/// One attribute of the root group.
struct AttributeEntry {
  std::string name;
  std::string type;
  std::string meaning;
};

/// The one description of what run files hold, in the order in which it is written.
const std::vector<DatasetEntry>& dataset_entries();
const std::vector<AttributeEntry>& attribute_entries();

/// Its place in the table, and itself. Throw std::logic_error if there is no such dataset.
std::size_t dataset_place(std::string_view path);
const DatasetEntry& dataset_entry(std::string_view path);

/// Throws std::logic_error unless the shape is what the entry's axes have as lengths.
void check_shape(const DatasetEntry& entry, const std::vector<std::size_t>& shape,
                 const std::vector<std::size_t>& axis_lengths);

/// Throws std::logic_error if the table has no such attribute of that type.
void check_attribute(std::string_view name, std::string_view type);

}  // namespace skeleta::storage
