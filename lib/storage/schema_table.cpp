#include "storage/schema_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include "storage/kinds/kinds.h"

namespace skeleta::storage {
namespace {

constexpr double largest = std::numeric_limits<double>::max();

DatasetEntry row(const char* name, Element element, const char* axes, const char* long_name) {
  std::istringstream words(axes);
  return {name, element, {std::istream_iterator<std::string>(words), {}}, long_name};
}

}  // namespace

std::string to_string(const Range& range) {
  std::string text;
  if (range.low >= -1.0 && range.high < largest) {
    text = fmt::format("from {:g} to {:g}", range.low, range.high);
  } else if (range.low >= -1.0) {
    text = fmt::format("at least {:g}", range.low);
  }
  if (range.high == largest) text += text.empty() ? "finite" : ", finite";
  if (text.empty()) return range.missing ? "" : "a number";
  return text + (range.missing ? ", or NaN" : "");
}

DatasetEntry& DatasetEntry::from(double low, double high) {
  range = {low, high, false};
  return *this;
}

DatasetEntry& DatasetEntry::finite() {
  range = {std::max(range.low, -largest), std::min(range.high, largest), false};
  return *this;
}

DatasetEntry& DatasetEntry::or_nan() {
  range.missing = true;
  return *this;
}

DatasetEntry& DatasetEntry::in(const char* unit) {
  units = unit;
  return *this;
}

DatasetEntry& DatasetEntry::as(const char* key) {
  json = key;
  return *this;
}

DatasetEntry& DatasetEntry::cites(const char* statement) {
  references = statement;
  return *this;
}

DatasetEntry real(const char* name, const char* axes, const char* long_name) {
  return row(name, Element::float64, axes, long_name);
}

DatasetEntry magnitude(const char* name, const char* axes, const char* long_name) {
  return real(name, axes, long_name).from(0.0).or_nan();
}

DatasetEntry whole(const char* name, const char* axes, const char* long_name) {
  return row(name, Element::int64, axes, long_name).from(0.0);
}

DatasetEntry word(const char* name, const char* axes, const char* long_name) {
  return row(name, Element::int8, axes, long_name).from(0.0);
}

DatasetEntry text(const char* name, const char* axes, const char* long_name) {
  return row(name, Element::uint8, axes, long_name).from(0.0);
}

DatasetEntry axis(const char* name, const char* long_name) {
  return whole(name, name, long_name);
}

void set_block(DatasetEntry& entry, const char* group, const char* present, const char* place) {
  entry.group = group;
  entry.present = present;
  const bool counts = entry.is_axis() && entry.element == Element::int64 && entry.json.empty();
  if (place == nullptr || counts) return;
  entry.json = place + (entry.json.empty() ? entry.name : entry.json);
}

Rows block(const char* group, const char* present, Rows rows, const char* place) {
  for (DatasetEntry& entry : rows) set_block(entry, group, present, place);
  return rows;
}

const std::vector<AttributeEntry>& attribute_entries() {
  static const std::vector<AttributeEntry> entries{
      {"filetype", "string", "which command wrote the file"},
      {"version", "int32[2]", "of the layout, major and minor; readers refuse another major"},
      {"skeleta_version", "string", "of the program"},
      {"git_sha1", "string", "commit of the program's sources, or `unknown`"},
      {"compiler", "string", "that built the program"},
      {"build", "string", "build type and vector instructions"},
      {"libraries", "string", "that the program was built with"},
      {"created_at", "string", "ISO 8601, UTC"},
      {"command_line", "string", "as it was typed"},
      {"options", "string", "all options, defaults included, as TOML"},
      {"seed", "uint64", "of the random numbers"},
      {"seed_hex", "string", "the seed again, as `0x` and 16 digits, for readers without 64 bits"},
      {"threads", "int32", "number of threads; the results don't depend on it"},
      {"seconds", "float64", "wall time of the numerics; since 1.7"},
      {"Conventions", "string", "of units, names and flags"},
  };
  return entries;
}

const std::vector<DatasetEntry>& dataset_entries() {
  static const std::vector<DatasetEntry> entries = [] {
    Rows all = model_rows();
    for (const Kind& kind : kinds()) {
      const Rows rows = kind.rows();
      all.insert(all.end(), rows.begin(), rows.end());
    }
    return all;
  }();
  return entries;
}

std::size_t dataset_place(std::string_view path) {
  const auto& entries = dataset_entries();
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const DatasetEntry& entry) { return entry.path() == path; });
  if (found == entries.end()) {
    throw std::logic_error(fmt::format("the schema table has no dataset {}", path));
  }
  return static_cast<std::size_t>(found - entries.begin());
}

const DatasetEntry& dataset_entry(std::string_view path) {
  return dataset_entries()[dataset_place(path)];
}

void check_shape(const DatasetEntry& entry, const std::vector<std::size_t>& shape,
                 const std::vector<std::size_t>& axis_lengths) {
  if (shape.size() == entry.axes.size() && shape == axis_lengths) return;
  throw std::logic_error(fmt::format("{} has shape [{}], but its axes [{}] have [{}]", entry.path(),
                                     fmt::join(shape, ", "), fmt::join(entry.axes, ", "),
                                     fmt::join(axis_lengths, ", ")));
}

void check_attribute(std::string_view name, std::string_view type) {
  for (const AttributeEntry& entry : attribute_entries()) {
    if (entry.name == name && entry.type == type) return;
  }
  throw std::logic_error(fmt::format("the schema table has no attribute {} {}", type, name));
}

}  // namespace skeleta::storage
