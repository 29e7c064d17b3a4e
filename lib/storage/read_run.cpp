#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <new>

#include "skeleta/storage/file_error.h"
#include "skeleta/storage/model_file.h"
#include "skeleta/storage/run_file.h"
#include "storage/entries.h"
#include "storage/estimate_fields.h"
#include "storage/file_header.h"
#include "storage/hdf5_reader.h"
#include "storage/read_models.h"
#include "storage/schema_table.h"
#include "storage/state_fields.h"
#include "storage/stop_reasons.h"

namespace skeleta::storage {
namespace {

using Runs = std::vector<EstimateRun>;

// The models and features, one run for each.
Runs read_models_of_runs(const Hdf5Reader& file) {
  require(file, {"/model/W", "/model/b", "/data/density", "/data/importance"});
  const ModelFile stored = read_models_from(file, {.allow_wide = true});
  const auto instance = read_entry<std::int64_t>(file, "/model/instance");
  std::vector<std::string> groups{"/loss", "/tail"};
  if (file.has("/geometry")) groups.push_back("/geometry");
  for (const std::string& group : groups) {
    const std::string path = group + "/instance";
    if (read_entry<std::int64_t>(file, path) != instance) {
      file.refuse(fmt::format("{} and /model/instance differ", path));
    }
  }
  Runs runs(stored.models.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs[i].model = stored.models[i];
    runs[i].features = {stored.density[i], stored.importance[i]};
    runs[i].instance = instance[i];
  }
  return runs;
}

StopReason to_stop_reason(const Hdf5Reader& file, const std::string& name) {
  const std::vector<std::string> names = stop_reason_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    file.refuse(fmt::format("/loss/stop_reason is '{}', which this program does not know", name));
  }
  return static_cast<StopReason>(found - names.begin());
}

void read_categories(const Hdf5Reader& file, Runs& runs) {
  const auto methods = file.read_category("/loss/method");
  const auto kernels = file.read_category("/loss/kernel");
  const auto reasons = file.read_category("/loss/stop_reason");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs[i].method = methods[i];
    runs[i].kernel = kernels[i];
    runs[i].loss.stop_reason = to_stop_reason(file, reasons[i]);
  }
}

void read_results(const Hdf5Reader& file, Runs& runs) {
  const auto each = [&]<class T>(const char* path, T, auto set) {
    const std::vector<T> values = read_entry<T>(file, path);
    for (std::size_t i = 0; i < runs.size(); ++i) set(runs[i], values[i]);
  };
  for (const auto& [path, m] : loss_fields) {
    each(path, 0.0, [m = m](EstimateRun& run, double x) { run.loss.*m = x; });
  }
  for (const auto& [path, m] : error_shape_fields) {
    if (!file.has(path)) continue;  // before version 1.2
    each(path, 0.0, [m = m](EstimateRun& run, double x) { run.loss.*m = x; });
  }
  for (const auto& [path, m] : loss_counts) {
    each(path, std::int64_t{}, [&, m = m, path = path](EstimateRun& run, std::int64_t n) {
      run.loss.*m = to_count(file, path, n);
    });
  }
  for (const auto& [path, m] : tail_fields) {
    each(path, 0.0, [m = m](EstimateRun& run, double x) { run.one_sparse.*m = x; });
  }
  for (EstimateRun& run : runs) {
    run.loss.rest = run.one_sparse.rest;
    run.loss.rest_standard_error = run.one_sparse.rest_standard_error;
    if (!file.has("/loss/effective_samples")) {
      run.loss.effective_samples = static_cast<double>(run.loss.samples);
    }
  }
  each("/loss/seconds", 0.0, [](EstimateRun& run, double x) { run.seconds = x; });
}

// All parts of the union first; then those are dropped that an instance did not evaluate.
void read_skeletons(const Hdf5Reader& file, Runs& runs) {
  const auto l = read_entry<std::int64_t>(file, "/loss/l");
  for (EstimateRun& run : runs) {
    for (const std::int64_t value : l) run.loss.skeletons.push_back({.l = value});
  }
  const auto part = [&](std::size_t k) -> SkeletonPart& {
    return runs[k / l.size()].loss.skeletons[k % l.size()];
  };
  for (const auto& [path, member] : part_fields) {
    const auto values = read_entry<double>(file, path);
    for (std::size_t k = 0; k < values.size(); ++k) part(k).*member = values[k];
  }
  for (const auto& [path, member] : part_counts) {
    const auto values = read_entry<std::int64_t>(file, path);
    for (std::size_t k = 0; k < values.size(); ++k) {
      part(k).*member = to_count(file, path, values[k]);
    }
  }
  for (EstimateRun& run : runs) {
    std::erase_if(run.loss.skeletons,
                  [](const SkeletonPart& p) { return std::isnan(p.probability); });
  }
}

// Files of version 1.0 have none.
void read_geometry(const Hdf5Reader& file, Runs& runs) {
  if (!file.has("/geometry")) return;
  for (EstimateRun& run : runs) run.geometry.emplace();
  const auto each = [&]<class T>(const char* path, T, auto set) {
    const std::vector<T> values = read_entry<T>(file, path);
    for (std::size_t i = 0; i < runs.size(); ++i) set(*runs[i].geometry, values[i]);
  };
  for (const auto& [path, m] : geometry_fields) {
    each(path, 0.0, [m = m](geometry::ColumnGeometry& g, double x) { g.*m = x; });
  }
  for (const auto& [path, m] : coherence_fields) {
    each(path, 0.0, [m = m](geometry::ColumnGeometry& g, double x) { g.coherence.*m = x; });
  }
  each("/geometry/represented", std::int64_t{},
       [](geometry::ColumnGeometry& g, std::int64_t n) { g.coherence.columns = n; });
  for (const auto& [path, member] : column_fields) {
    const std::vector<double> values = read_entry<double>(file, path);
    const Index features = runs[0].model.features();
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const double* row = values.data() + static_cast<Index>(i) * features;
      (*runs[i].geometry).*member = Eigen::Map<const Vector>(row, features);
    }
  }
}

RunFile read_run_from(const Hdf5Reader& file) {
  check_kind(file, estimate_filetype);
  RunFile result{estimate_filetype, read_build(file), read_provenance(file),
                 read_models_of_runs(file)};
  read_categories(file, result.estimates);
  read_results(file, result.estimates);
  read_skeletons(file, result.estimates);
  read_states(file, result.estimates);
  read_geometry(file, result.estimates);
  return result;
}

}  // namespace

RunFile read_run(const std::filesystem::path& file) {
  try {
    return read_run_from(Hdf5Reader(file));
  } catch (const std::bad_alloc&) {
    throw FileError(file, "does not fit into the memory");
  }
}

}  // namespace skeleta::storage
