#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <stdexcept>

#include "skeleta/geometry/feature_dimensionality.h"
#include "skeleta/storage/output_file.h"
#include "skeleta/storage/run_file.h"
#include "storage/entries.h"
#include "storage/estimate_fields.h"
#include "storage/file_header.h"
#include "storage/hdf5_writer.h"
#include "storage/replace_file.h"
#include "storage/state_fields.h"
#include "storage/stop_reasons.h"

namespace skeleta::storage {
namespace {

using Runs = std::vector<EstimateRun>;

void check_word(const char* name, const std::string& word) {
  if (!word.empty() && word.find_first_of(" \t\r\n") == std::string::npos) return;
  throw std::invalid_argument(fmt::format("{} = '{}' must be one word", name, word));
}

void check_geometry(const EstimateRun& run, const EstimateRun& first) {
  if (run.geometry.has_value() != first.geometry.has_value()) {
    throw std::invalid_argument(fmt::format("one of the instances {} and {} has no geometry",
                                            run.instance, first.instance));
  }
  if (!run.geometry) return;
  for (const auto& [path, member] : column_fields) {
    const Index size = ((*run.geometry).*member).size();
    if (size == run.model.features()) continue;
    throw std::invalid_argument(fmt::format("instance {}: {} has {} entries for {} features",
                                            run.instance, path, size, run.model.features()));
  }
}

void check_run(const EstimateRun& run, const EstimateRun& first) {
  validate(run.model);
  validate(run.features, run.model.features());
  check_word("method", run.method);
  check_word("kernel", run.kernel);
  if (run.model.hidden() != first.model.hidden() ||
      run.model.features() != first.model.features()) {
    throw std::invalid_argument(fmt::format(
        "instance {} is {} x {}, but instance {} is {} x {}", run.instance, run.model.hidden(),
        run.model.features(), first.instance, first.model.hidden(), first.model.features()));
  }
  if (run.features.density != first.features.density ||
      run.features.importance != first.features.importance) {
    throw std::invalid_argument(
        fmt::format("instances {} and {} differ in density or importance: one file holds one",
                    run.instance, first.instance));
  }
  if (run.loss.skeletons.empty()) {
    throw std::invalid_argument(fmt::format("instance {} evaluated no skeleton", run.instance));
  }
  check_geometry(run, first);
}

Array<std::int64_t> instances(const Runs& runs) {
  Array<std::int64_t> result{{runs.size()}, {}};
  for (const EstimateRun& run : runs) result.values.push_back(run.instance);
  return result;
}

// One value for each run.
template <class T, class Get>
Array<T> along_instances(const Runs& runs, Get get) {
  Array<T> result{{runs.size()}, {}};
  for (const EstimateRun& run : runs) result.values.push_back(static_cast<T>(get(run)));
  return result;
}

void write_model(Hdf5Writer& file, const Runs& runs) {
  const Index hidden = runs[0].model.hidden(), features = runs[0].model.features();
  const auto d = static_cast<std::size_t>(hidden), D = static_cast<std::size_t>(features);
  Array<double> W{{runs.size(), d, D}, std::vector<double>(runs.size() * d * D)};
  Array<double> b{{runs.size(), D}, {}};
  double* w = W.values.data();
  for (const EstimateRun& run : runs) {
    Eigen::Map<RowMajor>(w, hidden, features) = run.model.W;
    w += hidden * features;
    b.values.insert(b.values.end(), run.model.b.begin(), run.model.b.end());
  }
  file.write("/model/instance", instances(runs));
  file.write("/model/hidden", counting(hidden));
  file.write("/model/feature", counting(features));
  file.write("/model/W", W);
  file.write("/model/b", b);
}

// The table of flags is the words that occur, in order of appearance.
void write_words(Hdf5Writer& file, const char* path, const Runs& runs,
                 std::string EstimateRun::*member) {
  std::vector<std::string> names;
  const auto number = [&](const EstimateRun& run) {
    const auto found = std::find(names.begin(), names.end(), run.*member);
    const auto position = found - names.begin();
    if (found == names.end()) names.push_back(run.*member);
    return position;
  };
  const auto values = along_instances<std::int8_t>(runs, number);
  file.write_category(path, values, names);
}

void write_loss(Hdf5Writer& file, const Runs& runs) {
  write_words(file, "/loss/method", runs, &EstimateRun::method);
  write_words(file, "/loss/kernel", runs, &EstimateRun::kernel);
  for (const auto& [path, member] : loss_fields) {
    file.write(path, along_instances<double>(runs, [m = member](auto& r) { return r.loss.*m; }));
  }
  for (const auto& [path, member] : loss_counts) {
    file.write(path,
               along_instances<std::int64_t>(runs, [m = member](auto& r) { return r.loss.*m; }));
  }
  file.write_category(
      "/loss/stop_reason",
      along_instances<std::int8_t>(runs, [](auto& r) { return r.loss.stop_reason; }),
      stop_reason_names());
  file.write("/loss/seconds", along_instances<double>(runs, [](auto& r) { return r.seconds; }));
  for (const auto& [path, member] : error_shape_fields) {
    file.write(path, along_instances<double>(runs, [m = member](auto& r) { return r.loss.*m; }));
  }
}

Array<std::int64_t> union_of_skeletons(const Runs& runs) {
  std::set<std::int64_t> all;
  for (const EstimateRun& run : runs) {
    for (const SkeletonPart& part : run.loss.skeletons) all.insert(part.l);
  }
  return {{all.size()}, {all.begin(), all.end()}};
}

// [instance, l], `padding` where a run has no such l.
template <class T, class Value>
Array<T> along_skeletons(const Runs& runs, const std::vector<std::int64_t>& l,
                         Value SkeletonPart::*member, T padding) {
  Array<T> result{{runs.size(), l.size()}, std::vector<T>(runs.size() * l.size(), padding)};
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (const SkeletonPart& part : runs[i].loss.skeletons) {
      const auto k = std::lower_bound(l.begin(), l.end(), part.l) - l.begin();
      result.values[i * l.size() + static_cast<std::size_t>(k)] = static_cast<T>(part.*member);
    }
  }
  return result;
}

void write_skeletons(Hdf5Writer& file, const Runs& runs, const std::vector<std::int64_t>& l) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [path, member] : part_fields) {
    file.write(path, along_skeletons<double>(runs, l, member, nan));
  }
  for (const auto& [path, member] : part_counts) {
    file.write(path, along_skeletons<std::int64_t>(runs, l, member, 0));
  }
}

void write_tail(Hdf5Writer& file, const Runs& runs) {
  file.write("/tail/instance", instances(runs));
  for (const auto& [path, member] : tail_fields) {
    file.write(path,
               along_instances<double>(runs, [m = member](auto& r) { return r.one_sparse.*m; }));
  }
}

void write_polytopes(Hdf5Writer& file) {
  Array<std::int8_t> numbers;
  Array<double> values;
  std::vector<std::string> names;
  for (const geometry::NamedDimensionality& polytope : geometry::named_dimensionalities()) {
    numbers.values.push_back(static_cast<std::int8_t>(names.size()));
    values.values.push_back(polytope.value());
    names.push_back(polytope.name);
  }
  numbers.shape = values.shape = {names.size()};
  file.write_category("/geometry/polytope", numbers, names);
  file.write("/geometry/polytope_dimensionality", values);
}

void write_geometry(Hdf5Writer& file, const Runs& runs) {
  file.write("/geometry/instance", instances(runs));
  file.write("/geometry/feature", counting(runs.front().model.features()));
  write_polytopes(file);
  for (const auto& [path, member] : column_fields) {
    Array<double> values{{runs.size(), static_cast<std::size_t>(runs[0].model.features())}, {}};
    for (const EstimateRun& run : runs) {
      const Vector& column = (*run.geometry).*member;
      values.values.insert(values.values.end(), column.begin(), column.end());
    }
    file.write(path, values);
  }
  const auto along = [&]<class T>(const char* path, T, auto get) {
    file.write(path,
               along_instances<T>(runs, [&](const EstimateRun& r) { return get(*r.geometry); }));
  };
  along("/geometry/represented", std::int64_t{},
        [](const geometry::ColumnGeometry& g) { return g.coherence.columns; });
  for (const auto& [path, m] : coherence_fields) {
    along(path, 0.0, [m = m](const geometry::ColumnGeometry& g) { return g.coherence.*m; });
  }
  for (const auto& [path, m] : geometry_fields) {
    along(path, 0.0, [m = m](const geometry::ColumnGeometry& g) { return g.*m; });
  }
}

}  // namespace

void write_estimate(const std::filesystem::path& target, const Provenance& provenance,
                    const Runs& runs, bool overwrite) {
  if (runs.empty()) throw std::invalid_argument("runs is empty: a file needs at least one");
  for (const EstimateRun& run : runs) check_run(run, runs.front());
  check_output(target, overwrite);
  Hdf5Writer file(target);
  write_header(file, estimate_filetype, provenance);
  write_model(file, runs);
  write_data(file, runs.front().features);
  const Array<std::int64_t> l = union_of_skeletons(runs);
  file.write("/loss/instance", instances(runs));
  file.write("/loss/l", l);
  write_loss(file, runs);
  write_skeletons(file, runs, l.values);
  write_tail(file, runs);
  write_states(file, runs);
  if (runs.front().geometry) write_geometry(file, runs);
  replace_file(target, file.image(), overwrite);
}

}  // namespace skeleta::storage
