#include "storage/entries.h"

#include <fmt/format.h>

#include "storage/schema_table.h"

namespace skeleta::storage {
namespace {

Array<double> along_features(const Vector& vector) {
  return {{static_cast<std::size_t>(vector.size())}, {vector.begin(), vector.end()}};
}

}  // namespace

void write_data(Hdf5Writer& file, const Features& features) {
  file.write("/data/feature", counting(features.size()));
  file.write("/data/density", along_features(features.density));
  file.write("/data/importance", along_features(features.importance));
}

void check_axes(const Hdf5Reader& file, const std::string& path) {
  const DatasetEntry& entry = dataset_entry(path);
  Shape expected;
  for (const std::string& axis : entry.axes) {
    const Shape scale = file.shape(entry.group + "/" + axis);
    expected.insert(expected.end(), scale.begin(), scale.end());
  }
  const Shape shape = file.shape(path);
  if (shape != expected) {
    file.refuse(fmt::format("{} has shape {}, but its axes [{}] have {}", path, shape_text(shape),
                            fmt::join(entry.axes, ", "), shape_text(expected)));
  }
}

std::uint64_t to_count(const Hdf5Reader& file, const char* path, std::int64_t value) {
  if (value < 0) file.refuse(fmt::format("{} holds {}: a count is not negative", path, value));
  return static_cast<std::uint64_t>(value);
}

}  // namespace skeleta::storage
