#include "storage/weights.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "storage/checked_numbers.h"
#include "storage/fields.h"

namespace skeleta::storage {
namespace {

// One matrix for each instance, row-major in the file.
struct Matrices {
  std::string path;
  Shape stored;
  bool transposed = false;
  std::vector<double> values{};

  // With the axes in the usual order.
  Shape shape() const {
    Shape shape = stored;
    if (transposed) std::swap(shape[shape.size() - 2], shape[shape.size() - 1]);
    return shape;
  }
  std::size_t instances() const { return stored.size() == 3 ? stored.front() : 1; }
  Matrix of(std::size_t instance) const {
    const auto rows = static_cast<Index>(stored[stored.size() - 2]);
    const auto columns = static_cast<Index>(stored.back());
    const Eigen::Map<const RowMajor> matrix(
        values.data() + static_cast<Index>(instance) * rows * columns, rows, columns);
    return transposed ? Matrix(matrix.transpose()) : Matrix(matrix);
  }
};

Matrices matrices(const Hdf5Reader& reader, const std::string& path, const char* axes) {
  const Shape shape = reader.shape(path);
  if (shape.size() != 2 && shape.size() != 3) {
    reader.refuse(fmt::format("{} has shape {}: it must be [{}] or [instance, {}]", path,
                              shape_text(shape), axes, axes));
  }
  return {path, shape};
}

// Shapes are judged before the entries are read: they can be absurd.
Matrices tied_encoder(const Hdf5Reader& reader, const std::string& path, ReadOptions options) {
  Matrices W = matrices(reader, path, "hidden, feature");
  const std::size_t hidden = W.stored[W.stored.size() - 2], features = W.stored.back();
  if (hidden > features && features > 0 && !options.allow_wide) {
    reader.refuse(fmt::format(
        "{} has shape {}, {} hidden dimensions for {} features: is it transposed? It must be "
        "[hidden, feature]; pass --allow-wide if that is meant",
        path, shape_text(W.stored), hidden, features));
  }
  W.values = read_finite(reader, path).values;
  return W;
}

// Encoder and decoder may lie either way: the number of thresholds tells which axis is the
// features'.
std::pair<Matrices, Matrices> untied(const Hdf5Reader& reader, const std::string& in,
                                     const std::string& out, std::size_t features) {
  Matrices encoder = matrices(reader, in, "hidden, feature");
  Matrices decoder = matrices(reader, out, "feature, hidden");
  encoder.transposed = encoder.stored.back() != features;
  decoder.transposed = decoder.stored[decoder.stored.size() - 2] != features;
  const Shape one = encoder.shape(), other = decoder.shape();
  const std::size_t rank = one.size();
  const bool fit = other.size() == rank && encoder.instances() == decoder.instances() &&
                   one[rank - 1] == features && other[rank - 2] == features &&
                   one[rank - 2] == other[rank - 1];
  if (!fit) {
    reader.refuse(fmt::format(
        "{} has shape {} and {} has shape {}, but there are {} thresholds, one for each feature: "
        "the shapes must be [hidden, feature] and [feature, hidden], with as many instances",
        in, shape_text(encoder.stored), out, shape_text(decoder.stored), features));
  }
  encoder.values = read_finite(reader, in).values;
  decoder.values = read_finite(reader, out).values;
  return {std::move(encoder), std::move(decoder)};
}

std::string note_on(const Matrices& read, const char* axes) {
  return fmt::format("{} has shape {}: taken as {}", read.path, shape_text(read.stored), axes);
}

// The one of /b and /bias that is there.
std::string thresholds_path(const Hdf5Reader& reader, const std::string& group) {
  const std::string b = group + "/b", bias = group + "/bias";
  const bool subtracted = reader.has(b);
  if (subtracted == reader.has(bias)) {
    reader.refuse(
        fmt::format("has {} of {} (subtracted before the ReLU) and {} (added): store exactly one",
                    subtracted ? "both" : "neither", b, bias));
  }
  return subtracted ? b : bias;
}

// The thresholds that are subtracted, whichever way the file stores them.
std::vector<double> thresholds(const Hdf5Reader& reader, const std::string& path,
                               const Matrices& W) {
  Shape expected = W.shape();
  expected.erase(expected.end() - 2);  // the hidden axis
  const Shape shape = reader.shape(path);
  if (shape != expected) {
    reader.refuse(fmt::format("{} has shape {}, but {} has shape {}: {} must have shape {}", path,
                              shape_text(shape), W.path, shape_text(W.stored), path,
                              shape_text(expected)));
  }
  std::vector<double> values = read_finite(reader, path).values;
  if (path.ends_with("bias")) {
    for (double& x : values) x = 0.0 - x;  // no −0
  }
  return values;
}

// Activation, noise and jump, where the file has them.
void read_activation(const Hdf5Reader& reader, const std::string& group, Weights& result) {
  const std::size_t count = result.models.size();
  if (const std::string path = group + "/activation"; reader.has(path)) {
    const std::vector<double> numbers = read_by_instance(reader, path, count);
    constexpr std::int64_t most = names_of(Activation{}).size() - 1;
    for (std::size_t k = 0; k < count; ++k) {
      result.models[k].activation =
          static_cast<Activation>(whole_number(reader, path, numbers[k], 0, most));
    }
  }
  if (const std::string path = group + "/noise"; reader.has(path)) {
    const std::vector<double> numbers = read_by_instance(reader, path, count);
    for (std::size_t k = 0; k < count; ++k) result.models[k].noise = numbers[k];
  }
  const std::vector<Vector> jump = read_by_feature(
      reader, group + "/jump", result.path, result.shape,
      [](double x) { return x >= 0.0 && std::isfinite(x); }, "be finite and not negative");
  for (std::size_t k = 0; k < jump.size(); ++k) result.models[k].jump = jump[k];
}

}  // namespace

Weights read_weights(const Hdf5Reader& reader, const std::string& group, ReadOptions options) {
  const std::string in = group + (reader.has(group + "/W") ? "/W" : "/W_in");
  const std::string out = group + "/W_out", b = thresholds_path(reader, group);
  Matrices W, W_out;
  const bool tied = !reader.has(out);
  if (tied) {
    W = tied_encoder(reader, in, options);
  } else {
    const Shape shape = reader.shape(b);
    std::tie(W, W_out) = untied(reader, in, out, shape.empty() ? 0 : shape.back());
  }
  Weights result{{}, in, W.shape(), {}};
  if (W.transposed) result.notes.push_back(note_on(W, "[feature, hidden]"));
  if (W_out.transposed) result.notes.push_back(note_on(W_out, "[hidden, feature]"));
  const std::vector<double> values = thresholds(reader, b, W);
  const auto features = static_cast<Index>(result.shape.back());
  for (std::size_t k = 0; k < W.instances(); ++k) {
    Autoencoder& model = result.models.emplace_back();
    model.W = W.of(k);
    model.b = Eigen::Map<const Vector>(values.data() + static_cast<Index>(k) * features, features);
    if (!tied) model.W_out = W_out.of(k);
  }
  read_activation(reader, group, result);
  try {
    for (const Autoencoder& model : result.models) validate(model);
  } catch (const std::invalid_argument& error) {
    reader.refuse(std::string("holds no model: ") + error.what());
  }
  return result;
}

}  // namespace skeleta::storage
