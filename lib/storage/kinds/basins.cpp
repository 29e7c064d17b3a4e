#include "skeleta/storage/basins_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "skeleta/training/phase.h"
#include "storage/kinds/models.h"

namespace skeleta::storage {
namespace {

constexpr const char* basins_group = "/basins";
constexpr const char* in_basins = "since 1.11, in files of basins";
constexpr const char* in_basins_with_ends = "since 1.11, in files of basins if a start converged";

// Along [run], of which there is one.
struct BasinsSummary {
  std::int64_t planned = 0, done = 0, not_converged = 0;
};
const Fields<BasinsSummary>& basins_summary_fields() {
  static const auto fields = block<BasinsSummary>(
      basins_group, in_basins,
      {
          {axis("run", "there is one")},
          {whole("planned", "run", "starts that were wanted"), &BasinsSummary::planned},
          {whole("done", "run", "starts that are done"), &BasinsSummary::done},
          {whole("not_converged", "run", "of these, without an end"),
           &BasinsSummary::not_converged},
      },
      "[].");
  return fields;
}

// Along [basin].
struct BasinRow {
  training::Basin basin{};
  double probability = 0.0;
  training::ProbabilityInterval interval{};
  std::string label{};
  std::vector<std::int64_t> represented{};
  Matrix W{};
  Vector b{};
};
const Fields<BasinRow>& basin_fields() {
  using training::Basin, training::ProbabilityInterval;
  static const auto fields = block<BasinRow>(
      basins_group, in_basins_with_ends,
      {
          {axis("basin", "minimum that flows ended in, in order of the first start")},
          {axis("hidden", "hidden dimension")},
          {axis("feature", "feature")},
          {whole("count", "basin", "how many flows ended in it"), &BasinRow::basin, &Basin::count},
          {whole("first_start", "basin", "the first that did"), &BasinRow::basin,
           &Basin::first_start},
          {real("probability", "basin", "count over done").from(0, 1), &BasinRow::probability},
          {real("lower", "basin", "end of its 95 % interval of Clopper and Pearson").from(0, 1),
           &BasinRow::interval, &ProbabilityInterval::lower},
          {real("upper", "basin", "likewise").from(0, 1), &BasinRow::interval,
           &ProbabilityInterval::upper},
          {real("value", "basin", "of what was minimised, penalty included"), &BasinRow::basin,
           &Basin::value},
          {whole("represented", "basin feature", "1 if |w| is above 1/2, else 0"),
           &BasinRow::represented},
          {real("W", "basin hidden feature", "where the first flow ended"), &BasinRow::W},
          {real("b", "basin feature", "likewise, subtracted before the ReLU"), &BasinRow::b},
      },
      "minima[].");
  return fields;
}

// Along [start].
const Fields<BasinStart>& basin_start_fields() {
  static const auto fields = block<BasinStart>(
      basins_group, in_basins,
      {
          {axis("start", "random start"), &BasinStart::start},
          {whole("basin_of_start", "start", "where it ended; -1 if it did not converge").from(-1),
           &BasinStart::basin},
      });
  return fields;
}

BasinRow basin_row_of(const training::Basin& basin, std::uint64_t done) {
  const training::Phase phase = training::phase_of(basin.model.W);
  BasinRow row{.basin = basin,
               .probability = static_cast<double>(basin.count) / static_cast<double>(done),
               .interval = training::probability_interval(basin.count, done),
               .label = phase.label,
               .W = basin.model.W,
               .b = basin.model.b};
  row.represented.assign(phase.is_represented.begin(), phase.is_represented.end());
  return row;
}

}  // namespace

Rows basins_rows() {
  return rows_of(
      basins_summary_fields(), basin_start_fields(), basin_fields(),
      block(basins_group, in_basins_with_ends,
            {
                axis("byte", "byte of a text"),
                text("label", "basin byte", "dimensionalities of the features with |w| above 1/2")
                    .as("minima[].label"),
            },
            ""));
}

Results basins_results(const BasinsRun& run, std::uint64_t planned) {
  Results results;
  put_features(results, run.features);
  const auto lost = std::ranges::count(run.starts, -1, &BasinStart::basin);
  put(results, basins_summary_fields(),
      {BasinsSummary{static_cast<std::int64_t>(planned),
                     static_cast<std::int64_t>(run.starts.size()), lost}});
  put(results, basin_start_fields(), run.starts);
  std::vector<BasinRow> rows;
  for (const training::Basin& basin : run.basins)
    rows.push_back(basin_row_of(basin, run.starts.size()));
  put(results, basin_fields(), rows);
  std::vector<std::string> labels;
  for (const BasinRow& row : rows) labels.push_back(row.label);
  if (!labels.empty()) results.add_texts("/basins/label", labels);
  return results;
}

BasinsRun basins_run(const ResultFile& file) {
  BasinsRun run;
  const auto vector = [&](const char* path) {
    const auto& values = file.values<double>(path);
    return Vector(Eigen::Map<const Vector>(values.data(), static_cast<Index>(values.size())));
  };
  run.features = {vector("/data/density"), vector("/data/importance")};
  run.starts.resize(file.at("/basins/start").shape.front());
  get(file, basin_start_fields(), run.starts);
  if (const ResultDataset* counts = file.find("/basins/count")) {
    std::vector<BasinRow> rows(counts->shape.front());
    get(file, basin_fields(), rows);
    for (BasinRow& row : rows) {
      row.basin.model = {std::move(row.W), std::move(row.b)};
      run.basins.push_back(std::move(row.basin));
    }
  }
  const auto last = static_cast<std::int64_t>(run.basins.size());
  for (const BasinStart& start : run.starts) {
    if (start.basin >= -1 && start.basin < last) continue;
    file.refuse(fmt::format("/basins/basin_of_start has {}, of {} basins", start.basin, last));
  }
  return run;
}

BasinsRun merged_basins(const std::vector<ResultFile>& files) {
  std::vector<BasinsRun> runs;
  for (const ResultFile& file : files) runs.push_back(basins_run(file));
  struct Part {
    std::size_t run, number;
    const training::Basin* basin;
  };
  std::vector<Part> parts;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (std::size_t n = 0; n < runs[r].basins.size(); ++n) {
      parts.push_back({r, n, &runs[r].basins[n]});
    }
  }
  std::ranges::sort(parts, {}, [](const Part& part) { return part.basin->first_start; });
  BasinsRun whole{.features = runs.front().features};
  training::Basins basins(whole.features);
  std::vector<std::vector<std::int64_t>> number(runs.size());
  for (std::size_t r = 0; r < runs.size(); ++r) number[r].resize(runs[r].basins.size());
  for (const Part& part : parts) {
    const training::Basin& one = *part.basin;
    number[part.run][part.number] = basins.add(one.first_start, one.model, one.value, one.count);
  }
  whole.basins = basins.all();
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (BasinStart start : runs[r].starts) {
      if (start.basin >= 0) start.basin = number[r][static_cast<std::size_t>(start.basin)];
      whole.starts.push_back(start);
    }
  }
  std::ranges::sort(whole.starts, {}, &BasinStart::start);
  return whole;
}

}  // namespace skeleta::storage
