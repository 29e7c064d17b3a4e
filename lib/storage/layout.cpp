#include "storage/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

namespace skeleta::storage {
namespace {

using Entries = std::vector<const DatasetEntry*>;

Entries entries_in(const Hdf5Reader& file) {
  Entries entries;
  for (const DatasetEntry& entry : dataset_entries()) {
    if (file.has(entry.path())) entries.push_back(&entry);
  }
  return entries;
}

void check_companions(const Hdf5Reader& file, const Entries& entries) {
  std::map<std::pair<std::string, std::string>, std::string> there;
  std::set<std::string> paths;
  for (const DatasetEntry* entry : entries) {
    there.emplace(std::pair(entry->group, entry->present), entry->path());
    paths.insert(entry->path());
  }
  for (const DatasetEntry& entry : dataset_entries()) {
    const auto companion = there.find({entry.group, entry.present});
    if (companion == there.end() || paths.contains(entry.path())) continue;
    file.refuse(
        fmt::format("has no dataset {}, which belongs to {}", entry.path(), companion->second));
  }
}

void check_axes(const Hdf5Reader& file, const Entries& entries) {
  std::map<std::string, std::string> first;  // by name, the path of the first axis
  for (const DatasetEntry* entry : entries) {
    if (!entry->is_axis()) continue;
    const std::string path = entry->path();
    const Shape shape = file.shape(path);
    if (shape.size() != 1) {
      file.refuse(fmt::format("{} has shape {}, but it is an axis, a list of numbers", path,
                              shape_text(shape)));
    }
    const auto [other, is_new] = first.emplace(entry->name, path);
    if (!is_new && file.shape(other->second) != shape) {
      file.refuse(fmt::format("{} and {} differ in length", path, other->second));
    }
  }
}

void check_shape_of(const Hdf5Reader& file, const DatasetEntry& entry) {
  Shape expected;
  for (const std::string& axis : entry.axes) {
    expected.push_back(file.shape(entry.group + "/" + axis).front());
  }
  const Shape shape = file.shape(entry.path());
  if (shape != expected) {
    file.refuse(fmt::format("{} has shape {}, but its axes [{}] have {}", entry.path(),
                            shape_text(shape), fmt::join(entry.axes, ", "), shape_text(expected)));
  }
}

// Each lower end with its upper one, of one shape.
constexpr std::pair<const char*, const char*> ordered[] = {
    {"/loss/low", "/loss/high"},
    {"/certified/lower", "/certified/upper"},
    {"/state/first", "/state/last"},
};

void check_distinct(const Hdf5Reader& file, const DatasetEntry& entry) {
  std::vector<std::int64_t> values = file.read<std::int64_t>(entry.path()).values;
  std::sort(values.begin(), values.end());
  const auto twice = std::adjacent_find(values.begin(), values.end());
  if (twice != values.end()) {
    file.refuse(fmt::format("{} is an axis, but holds {} twice", entry.path(), *twice));
  }
}

void check_order(const Hdf5Reader& file, const char* low, const char* high) {
  if (!file.has(low) || !file.has(high)) return;
  const Array<double> a = file.read<double>(low), b = file.read<double>(high);
  for (std::size_t k = 0; k < a.values.size(); ++k) {
    if (!(a.values[k] > b.values[k])) continue;
    const std::string place = index_text(a.shape, k);
    file.refuse(fmt::format("{}{} is {}, above {}{}, which is {}", low, place, a.values[k], high,
                            place, b.values[k]));
  }
}

}  // namespace

void check_layout(const Hdf5Reader& file) {
  const Entries entries = entries_in(file);
  check_companions(file, entries);
  check_axes(file, entries);
  for (const DatasetEntry* entry : entries) {
    check_shape_of(file, *entry);
    if (entry->element != Element::float64) file.require_integers(entry->path());
  }
}

void check_relations(const Hdf5Reader& file) {
  for (const DatasetEntry* entry : entries_in(file)) {
    if (entry->is_axis() && entry->element == Element::int64) check_distinct(file, *entry);
  }
  for (const auto& [low, high] : ordered) check_order(file, low, high);
}

template <class T>
void check_range(const Hdf5Reader& file, const DatasetEntry& entry, const Array<T>& array) {
  const Range& range = entry.range;
  for (std::size_t k = 0; k < array.values.size(); ++k) {
    const auto x = static_cast<double>(array.values[k]);
    if ((x >= range.low && x <= range.high) || (std::isnan(x) && range.missing)) continue;
    file.refuse(fmt::format("{}{} is {}: it must be {}", entry.path(), index_text(array.shape, k),
                            array.values[k], to_string(range)));
  }
}

template void check_range(const Hdf5Reader&, const DatasetEntry&, const Array<double>&);
template void check_range(const Hdf5Reader&, const DatasetEntry&, const Array<std::int64_t>&);
template void check_range(const Hdf5Reader&, const DatasetEntry&, const Array<std::uint8_t>&);

}  // namespace skeleta::storage
