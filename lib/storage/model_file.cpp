#include "skeleta/storage/model_file.h"

#include <fmt/format.h>

#include <cmath>
#include <new>
#include <string>

#include "skeleta/core/function_ref.h"
#include "skeleta/storage/file_error.h"
#include "storage/hdf5_reader.h"
#include "storage/model_group.h"
#include "storage/read_models.h"
#include "storage/schema_table.h"

namespace skeleta::storage {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

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

void check_entries(const Hdf5Reader& reader, const std::string& path, const Array<double>& array,
                   FunctionRef<bool(double)> legal, const char* rule) {
  for (std::size_t i = 0; i < array.values.size(); ++i) {
    if (legal(array.values[i])) continue;
    reader.refuse(fmt::format("{}{} is {}: every entry must {}", path, index_text(array.shape, i),
                              array.values[i], rule));
  }
}

Array<double> read_finite(const Hdf5Reader& reader, const std::string& path) {
  Array<double> array = reader.read<double>(path);
  check_entries(
      reader, path, array, [](double x) { return std::isfinite(x); }, "be a finite number");
  return array;
}

// Shapes are judged before the entries are read: they can be absurd.
Array<double> read_weights(const Hdf5Reader& reader, const std::string& path, ReadOptions options) {
  const Shape shape = reader.shape(path);
  const std::size_t rank = shape.size();
  if (rank != 2 && rank != 3) {
    reader.refuse(
        fmt::format("{} has shape {}: it must be [hidden, feature] or [instance, hidden, feature]",
                    path, shape_text(shape)));
  }
  const std::size_t hidden = shape[rank - 2], features = shape[rank - 1];
  if (hidden > features && features > 0 && !options.allow_wide) {
    reader.refuse(fmt::format(
        "{} has shape {}, {} hidden dimensions for {} features: is it transposed? It must be "
        "[hidden, feature]; pass --allow-wide if that is meant",
        path, shape_text(shape), hidden, features));
  }
  return read_finite(reader, path);
}

// The thresholds that are subtracted, whichever way the file stores them.
Array<double> read_thresholds(const Hdf5Reader& reader, const std::string& group,
                              const Shape& weights) {
  const std::string b = group + "/b", bias = group + "/bias";
  const bool subtracted = reader.has(b);
  if (subtracted == reader.has(bias)) {
    reader.refuse(
        fmt::format("has {} of {} (subtracted before the ReLU) and {} (added): store exactly one",
                    subtracted ? "both" : "neither", b, bias));
  }
  const std::string& path = subtracted ? b : bias;
  Shape expected = weights;
  expected.erase(expected.end() - 2);  // the hidden axis
  const Shape shape = reader.shape(path);
  if (shape != expected) {
    reader.refuse(fmt::format("{} has shape {}, but {}/W has shape {}: {} must have shape {}", path,
                              shape_text(shape), group, shape_text(weights), path,
                              shape_text(expected)));
  }
  Array<double> array = read_finite(reader, path);
  if (!subtracted) {
    for (double& x : array.values) x = 0.0 - x;  // no −0
  }
  return array;
}

// One list for each instance: that of all, or, from [instance, feature], its own; a single number
// is that of all features.
std::vector<Vector> read_features(const Hdf5Reader& reader, const std::string& path,
                                  const std::string& weights_path, const Shape& weights,
                                  FunctionRef<bool(double)> legal, const char* rule) {
  if (!reader.has(path)) return {};
  const Shape shape = reader.shape(path), of_all{weights.back()};
  const std::size_t instances = weights.size() == 3 ? weights.front() : 1;
  const Shape of_each{instances, weights.back()};
  if (!shape.empty() && shape != of_all && shape != of_each) {
    reader.refuse(fmt::format(
        "{} has shape {}, but {} has shape {}: {} must have shape {} or {}, or be one number", path,
        shape_text(shape), weights_path, shape_text(weights), path, shape_text(of_all),
        shape_text(of_each)));
  }
  const Array<double> array = reader.read<double>(path);
  check_entries(reader, path, array, legal, rule);
  const auto features = static_cast<Index>(weights.back());
  if (shape.empty()) return {instances, Vector::Constant(features, array.values.front())};
  std::vector<Vector> lists;
  for (std::size_t k = 0; k < instances; ++k) {
    const std::size_t first = shape == of_each ? k * weights.back() : 0;
    lists.push_back(Eigen::Map<const Vector>(array.values.data() + first, features));
  }
  return lists;
}

// Files are row-major [instance, hidden, feature]; W is a column-major d × D matrix.
std::vector<Autoencoder> split_instances(const Array<double>& W, const Array<double>& b) {
  const Shape& shape = W.shape;
  const auto features = static_cast<Index>(shape.back());
  const auto hidden = static_cast<Index>(shape[shape.size() - 2]);
  std::vector<Autoencoder> models(shape.size() == 3 ? shape[0] : 1);
  const double* w = W.values.data();
  const double* threshold = b.values.data();
  for (Autoencoder& model : models) {
    model.W = Eigen::Map<const RowMajor>(w, hidden, features);
    model.b = Eigen::Map<const Vector>(threshold, features);
    w += hidden * features;
    threshold += features;
  }
  return models;
}

}  // namespace

ModelFile read_models_from(const Hdf5Reader& reader, ReadOptions options) {
  refuse_foreign_version(reader);
  const std::string model = model_group(
      reader, [](const Hdf5Reader& file, const std::string& path) { return file.has(path); });
  ModelFile result;
  result.from_run_file = !model.empty();
  const std::string data = result.from_run_file ? "/data" : "";
  const Array<double> W = read_weights(reader, model + "/W", options);
  result.models = split_instances(W, read_thresholds(reader, model, W.shape));
  result.density = read_features(
      reader, data + "/density", model + "/W", W.shape,
      [](double p) { return p >= 0.0 && p <= 1.0; }, "lie in [0, 1]");
  result.importance = read_features(
      reader, data + "/importance", model + "/W", W.shape,
      [](double v) { return v >= 0.0 && std::isfinite(v); }, "be finite and not negative");
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
