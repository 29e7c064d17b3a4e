#include "skeleta/storage/model_file.h"

#include <fmt/format.h>

#include <cmath>
#include <new>
#include <string>
#include <utility>

#include "skeleta/storage/file_error.h"
#include "storage/checked_numbers.h"
#include "storage/hdf5_reader.h"
#include "storage/law_datasets.h"
#include "storage/model_group.h"
#include "storage/read_models.h"
#include "storage/schema_table.h"
#include "storage/weights.h"

namespace skeleta::storage {
namespace {

// A file that calls itself ours must be of a version whose /model we know; others may say anything.
void refuse_foreign_version(const Hdf5Reader& reader) {
  const auto filetype = reader.text("/", "filetype");
  const auto version = reader.numbers<std::int64_t>("/", "version");
  if (!filetype || !filetype->starts_with("skeleta ") || !version || version->empty()) return;
  if (version->front() != format_version.major) {
    reader.refuse(fmt::format(
        "is a '{}' file of version {}, but this program reads version {}: use a newer one",
        *filetype, fmt::join(*version, "."), format_version.major));
  }
}

// The groups give the densities; those that are stored beside them must be the same.
void take_densities(const Hdf5Reader& reader, ModelFile& result) {
  const Vector& density = result.activity->density();
  for (const Vector& stored : result.density) {
    for (Index j = 0; j < density.size(); ++j) {
      if (std::abs(stored(j) - density(j)) <= 1e-12) continue;
      reader.refuse(
          fmt::format("has density {} for feature {}, but {} in its groups: leave the "
                      "densities away, or make them agree",
                      stored(j), j, density(j)));
    }
  }
  result.density.assign(result.models.size(), density);
}

}  // namespace

Features ModelFile::features(std::size_t instance) const {
  const Vector& p = density.at(instance);
  const Vector v = importance.empty() ? Vector::Ones(p.size()) : importance.at(instance);
  if (values.empty() && !activity) return {p, v};
  const std::vector<ValueLaw> uniform(static_cast<std::size_t>(p.size()));
  return Features::of(
      {activity ? *activity : ActivityTree::independent(p), values.empty() ? uniform : values}, v);
}

ModelFile read_models_from(const Hdf5Reader& reader, ReadOptions options) {
  refuse_foreign_version(reader);
  const std::string model = model_group(
      reader, [](const Hdf5Reader& file, const std::string& path) { return file.has(path); });
  ModelFile result;
  result.from_run_file = !model.empty();
  const std::string data = result.from_run_file ? "/data" : "";
  Weights weights = read_weights(reader, model, options);
  result.models = std::move(weights.models);
  result.notes = std::move(weights.notes);
  result.density = read_by_feature(
      reader, data + "/density", weights.path, weights.shape,
      [](double p) { return p >= 0.0 && p <= 1.0; }, "lie in [0, 1]");
  result.importance = read_by_feature(
      reader, data + "/importance", weights.path, weights.shape,
      [](double v) { return v >= 0.0 && std::isfinite(v); }, "be finite and not negative");
  const Index features = result.models.front().features();
  result.values = read_values(reader, data, features);
  result.activity = read_activity(reader, data, features);
  if (result.activity) take_densities(reader, result);
  return result;
}

ModelFile read_models(const std::filesystem::path& file, ReadOptions options) {
  try {
    return read_models_from(Hdf5Reader(file, Extent::models), options);
  } catch (const std::bad_alloc&) {
    throw FileError(file, "its models do not fit into the memory");
  }
}

}  // namespace skeleta::storage
