#include "geometry_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "print.h"
#include "skeleta/geometry/feature_dimensionality.h"

namespace skeleta::program {
namespace {

using geometry::ColumnGeometry;
using Json = nlohmann::ordered_json;

constexpr double named_tolerance = 0.01;  // the named values are .025 apart or more
constexpr double dropped = 0.01;          // a dimensionality that is as good as none

std::string three_digits(double value) {
  return std::isfinite(value) ? fmt::format("{:.4f}", value) : "-";
}

// "pentagon 2/5", "none", or "" for what has no name.
std::string kind(double dimensionality) {
  if (dimensionality < dropped) return "none";
  if (dimensionality > 1.0 - named_tolerance) return "alone 1";
  const auto* named = geometry::nearest_named(dimensionality, named_tolerance);
  return named ? fmt::format("{} {}/{}", named->name, named->dimensions, named->vertices) : "";
}

// Neighbours, by falling dimensionality, that are of one kind.
struct Group {
  std::string kind;
  int count = 0;
  double high = 0.0, low = 0.0;
};

std::vector<Group> groups(const Vector& dimensionality) {
  std::vector<double> values(dimensionality.begin(), dimensionality.end());
  std::sort(values.rbegin(), values.rend());
  std::vector<Group> result;
  for (const double value : values) {
    if (result.empty() || result.back().kind != kind(value)) {
      result.push_back({kind(value), 0, value, value});
    }
    ++result.back().count;
    result.back().low = value;
  }
  return result;
}

void print_groups(std::ostream& out, const Vector& dimensionality) {
  for (const Group& group : groups(dimensionality)) {
    const std::string range = group.count == 1
                                  ? fmt::format("{:.4f}", group.high)
                                  : fmt::format("{:.4f} .. {:.4f}", group.high, group.low);
    print_to(out, "  {:>5} feature{} {:<16}  {}\n", group.count, group.count == 1 ? " " : "s",
             range, group.kind);
  }
}

void print_coherence(std::ostream& out, const ColumnGeometry& geometry) {
  print_to(out, "  cosine of two columns  {:>8} at most, no set has less than {}\n",
           three_digits(geometry.coherence.signed_max), three_digits(geometry.signed_bound));
  print_to(out, "  its absolute value     {:>8} at most, Welch bound {}, orthoplex bound {}\n",
           three_digits(geometry.coherence.absolute), three_digits(geometry.welch_bound),
           geometry.orthoplex_bound > 0.0 ? three_digits(geometry.orthoplex_bound) : "-");
}

Json geometry_json(const ColumnGeometry& geometry, std::size_t instance) {
  const auto list = [](const Vector& v) { return std::vector<double>(v.begin(), v.end()); };
  return {{"instance", instance},
          {"norm", list(geometry.norm)},
          {"dimensionality", list(geometry.dimensionality)},
          {"dimensions_per_feature", geometry.dimensions_per_feature},
          {"represented", geometry.coherence.columns},
          {"coherence_signed", geometry.coherence.signed_max},
          {"coherence_absolute", geometry.coherence.absolute},
          {"signed_bound", geometry.signed_bound},
          {"welch_bound", geometry.welch_bound},
          {"orthoplex_bound", geometry.orthoplex_bound},
          {"distance_to_first", geometry.distance_to_first}};
}

}  // namespace

void describe_geometry(std::vector<storage::EstimateRun>& runs) {
  std::vector<Matrix> weights;
  for (const storage::EstimateRun& run : runs) weights.push_back(run.model.W);
  const std::vector<ColumnGeometry> geometry = geometry::describe_columns(weights);
  for (std::size_t i = 0; i < runs.size(); ++i) runs[i].geometry = geometry[i];
}

std::vector<ColumnGeometry> describe_geometry(const std::vector<Autoencoder>& models) {
  std::vector<Matrix> weights;
  for (const Autoencoder& model : models) weights.push_back(model.W);
  return geometry::describe_columns(weights);
}

void print_geometry(std::ostream& out, const std::string& path,
                    const std::vector<Autoencoder>& models) {
  const auto all = describe_geometry(models);
  print_to(out, "{}: geometry of {} columns in {} dimension{}\n", path, models[0].features(),
           models[0].hidden(), models[0].hidden() == 1 ? "" : "s");
  for (std::size_t k = 0; k < all.size(); ++k) {
    print_to(out, "\ninstance {}: feature dimensionality D_i, sum {:.4f}; D* {:.4f}\n", k,
             all[k].dimensionality.sum(), all[k].dimensions_per_feature);
    print_groups(out, all[k].dimensionality);
    if (all[k].coherence.columns < models[k].features()) {
      print_to(out, "  {} columns are at least a tenth as long as the longest; of these:\n",
               all[k].coherence.columns);
    }
    print_coherence(out, all[k]);
    if (k > 0) {
      print_to(out, "  distance to instance 0 {:>8.2g} rms, turned and relabelled to fit\n",
               all[k].distance_to_first);
    }
  }
}

Json geometry_json(const std::vector<Autoencoder>& models) {
  const auto all = describe_geometry(models);
  Json instances = Json::array();
  for (std::size_t k = 0; k < all.size(); ++k) instances.push_back(geometry_json(all[k], k));
  Json polytopes = Json::object();
  for (const auto& named : geometry::named_dimensionalities())
    polytopes[named.name] = named.value();
  return {{"features", models[0].features()},
          {"hidden", models[0].hidden()},
          {"polytope_dimensionality", polytopes},
          {"instances", instances}};
}

}  // namespace skeleta::program
