#include "storage/checked_numbers.h"

#include <fmt/format.h>

#include <cmath>

namespace skeleta::storage {

Array<double> read_legal(const Hdf5Reader& reader, const std::string& path,
                         FunctionRef<bool(double)> legal, const char* rule) {
  Array<double> array = reader.read<double>(path);
  for (std::size_t i = 0; i < array.values.size(); ++i) {
    if (legal(array.values[i])) continue;
    reader.refuse(fmt::format("{}{} is {}: every entry must {}", path, index_text(array.shape, i),
                              array.values[i], rule));
  }
  return array;
}

Array<double> read_finite(const Hdf5Reader& reader, const std::string& path) {
  return read_legal(
      reader, path, [](double x) { return std::isfinite(x); }, "be a finite number");
}

std::vector<Vector> read_by_feature(const Hdf5Reader& reader, const std::string& path,
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
  const Array<double> array = read_legal(reader, path, legal, rule);
  const auto features = static_cast<Index>(weights.back());
  if (shape.empty()) return {instances, Vector::Constant(features, array.values.front())};
  std::vector<Vector> lists;
  for (std::size_t k = 0; k < instances; ++k) {
    const std::size_t first = shape == of_each ? k * weights.back() : 0;
    lists.push_back(Eigen::Map<const Vector>(array.values.data() + first, features));
  }
  return lists;
}

std::vector<double> read_by_instance(const Hdf5Reader& reader, const std::string& path,
                                     std::size_t instances) {
  const Array<double> array = read_finite(reader, path);
  if (array.values.size() == 1) return std::vector<double>(instances, array.values.front());
  if (array.values.size() == instances) return array.values;
  reader.refuse(
      fmt::format("{} has shape {}: it must be one number, or one for each of the {} models", path,
                  shape_text(array.shape), instances));
}

std::int64_t whole_number(const Hdf5Reader& reader, const std::string& path, double x,
                          std::int64_t low, std::int64_t high) {
  if (x == std::floor(x) && x >= static_cast<double>(low) && x <= static_cast<double>(high)) {
    return static_cast<std::int64_t>(x);
  }
  reader.refuse(
      fmt::format("{} holds {}: it must be a whole number from {} to {}", path, x, low, high));
}

}  // namespace skeleta::storage
