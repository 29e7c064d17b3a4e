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

void require(const Hdf5Reader& file, std::initializer_list<const char*> paths) {
  for (const char* path : paths) {
    if (!file.has(path)) file.refuse(fmt::format("has no dataset {}", path));
  }
}

std::uint64_t to_count(const Hdf5Reader& file, const char* path, std::int64_t value) {
  if (value < 0) file.refuse(fmt::format("{} holds {}: a count is not negative", path, value));
  return static_cast<std::uint64_t>(value);
}

}  // namespace skeleta::storage
