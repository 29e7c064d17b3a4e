#include "storage/law_datasets.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "storage/checked_numbers.h"

namespace skeleta::storage {
namespace {

// A dataset that belongs to another one, which is there.
std::string companion(const Hdf5Reader& reader, const std::string& of, const std::string& path) {
  if (!reader.has(path)) reader.refuse(fmt::format("has {}, but no {}", of, path));
  return path;
}

}  // namespace

std::vector<ValueLaw> read_values(const Hdf5Reader& reader, const std::string& data,
                                  Index features) {
  const std::string kinds = data + "/value_law";
  if (!reader.has(kinds)) return {};
  const auto column = [&](const std::string& path) {
    const Shape one{static_cast<std::size_t>(features)};
    return read_by_feature(
               reader, companion(reader, kinds, path), "the list of features", one,
               [](double x) { return std::isfinite(x); }, "be a finite number")
        .front();
  };
  const Vector kind = column(kinds), first = column(data + "/value_first"),
               second = column(data + "/value_second");
  constexpr std::int64_t most = names_of(ValueKind{}).size() - 1;
  std::vector<ValueLaw> values;
  for (Index j = 0; j < features; ++j) {
    const auto number = whole_number(reader, kinds, kind(j), 0, most);
    try {
      values.push_back(ValueLaw::of(static_cast<ValueKind>(number), first(j), second(j)));
    } catch (const std::invalid_argument& error) {
      reader.refuse(fmt::format("has no law for the values of feature {}: {}", j, error.what()));
    }
  }
  return values;
}

std::optional<ActivityTree> read_activity(const Hdf5Reader& reader, const std::string& data,
                                          Index features) {
  const std::string kinds = data + "/node_kind";
  if (!reader.has(kinds)) return {};
  const auto column = [&](const char* name) {
    return read_finite(reader, companion(reader, kinds, data + name)).values;
  };
  const auto places = [&](const char* name, std::size_t count) {
    std::vector<std::int64_t> list;
    for (const double place : column(name)) {
      list.push_back(
          whole_number(reader, data + name, place, -1, static_cast<std::int64_t>(count) - 1));
    }
    return list;
  };
  ActivityArrays arrays;
  constexpr std::int64_t most = names_of(ActivityKind{}).size() - 1;
  for (const double kind : column("/node_kind")) {
    arrays.kind.push_back(static_cast<std::uint8_t>(whole_number(reader, kinds, kind, 0, most)));
  }
  arrays.parent = places("/node_parent", arrays.kind.size());
  arrays.feature = places("/node_feature", static_cast<std::size_t>(features));
  arrays.probability = column("/node_probability");
  for (std::size_t n = 0; n < std::min(arrays.kind.size(), arrays.feature.size()); ++n) {
    if (arrays.kind[n] == static_cast<std::uint8_t>(ActivityKind::feature)) continue;
    if (arrays.feature[n] == -1) continue;
    reader.refuse(
        fmt::format("has groups of features that cannot be: node {} is a group, but {} "
                    "has feature {} there instead of -1",
                    n, data + "/node_feature", arrays.feature[n]));
  }
  try {
    ActivityTree tree = from_arrays(arrays);
    if (tree.features() == features) return tree;
    reader.refuse(fmt::format("has {} features in its groups, but the model has {}",
                              tree.features(), features));
  } catch (const std::invalid_argument& error) {
    reader.refuse(std::string("has groups of features that cannot be: ") + error.what());
  }
}

}  // namespace skeleta::storage
