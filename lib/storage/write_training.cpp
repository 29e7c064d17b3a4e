#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "skeleta/storage/output_file.h"
#include "skeleta/storage/training_file.h"
#include "skeleta/training/parameters.h"
#include "storage/entries.h"
#include "storage/file_header.h"
#include "storage/hdf5_writer.h"
#include "storage/replace_file.h"
#include "storage/training_fields.h"

namespace skeleta::storage {
namespace {

using training::TrainedModel;
using Starts = std::vector<const TrainedModel*>;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

void check_run(const TrainingRun& run) {
  if (run.starts.empty()) throw std::invalid_argument("starts is empty: a file needs at least one");
  const ReluAutoencoder& first = run.starts.front().model;
  validate(run.features, first.features());
  for (std::size_t k = 0; k < run.starts.size(); ++k) {
    const TrainedModel& start = run.starts[k];
    if (start.start != k) {
      throw std::invalid_argument(fmt::format("start {} is at place {}", start.start, k));
    }
    if (start.model.features() != first.features() || start.model.hidden() != first.hidden()) {
      throw std::invalid_argument(fmt::format("start {} has another shape than start 0", k));
    }
  }
}

// Best first; those without a finite loss last.
Starts sorted(const std::vector<TrainedModel>& starts) {
  Starts order;
  for (const TrainedModel& start : starts) order.push_back(&start);
  const auto key = [](const TrainedModel* start) {
    return std::isfinite(start->loss.value) ? start->loss.value
                                            : std::numeric_limits<double>::infinity();
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](const TrainedModel* a, const TrainedModel* b) { return key(a) < key(b); });
  return order;
}

template <class T, class Get>
Array<T> along_starts(const Starts& starts, Get get) {
  Array<T> result{{starts.size()}, {}};
  for (const TrainedModel* start : starts) result.values.push_back(static_cast<T>(get(*start)));
  return result;
}

double finite_or_zero(double x) {
  return std::isfinite(x) ? x : 0.0;
}

void write_model(Hdf5Writer& file, const Starts& starts) {
  const Index hidden = starts[0]->model.hidden(), features = starts[0]->model.features();
  const auto d = static_cast<std::size_t>(hidden), D = static_cast<std::size_t>(features);
  Array<double> W{{starts.size(), d, D}, std::vector<double>(starts.size() * d * D)};
  Array<double> b{{starts.size(), D}, {}};
  double* w = W.values.data();
  for (const TrainedModel* start : starts) {
    Eigen::Map<RowMajor>(w, hidden, features) = start->model.W.unaryExpr(&finite_or_zero);
    w += hidden * features;
    for (const double x : start->model.b) b.values.push_back(finite_or_zero(x));
  }
  file.write("/model/instance", counting(static_cast<Index>(starts.size())));
  file.write("/model/hidden", counting(hidden));
  file.write("/model/feature", counting(features));
  file.write("/model/W", W);
  file.write("/model/b", b);
}

void write_starts(Hdf5Writer& file, const Starts& starts) {
  const auto write = [&]<class T>(const char* path, T, auto get) {
    file.write(path, along_starts<T>(starts, get));
  };
  for (const auto& [path, m] : trained_loss_fields) {
    write(path, 0.0, [m = m](const TrainedModel& s) { return s.loss.*m; });
  }
  for (const auto& [path, m] : trained_fields) {
    write(path, 0.0, [m = m](const TrainedModel& s) { return s.*m; });
  }
  file.write_category("/training/stop_reason",
                      along_starts<std::int8_t>(
                          starts, [](const TrainedModel& s) { return s.summary.stop_reason; }),
                      enum_names<optimize::StopReason>());
  for (const auto& [path, m] : summary_counts) {
    write(path, std::int64_t{}, [m = m](const TrainedModel& s) { return s.summary.*m; });
  }
  for (const auto& [path, m] : summary_fields) {
    write(path, 0.0, [m = m](const TrainedModel& s) { return s.summary.*m; });
  }
  for (const auto& [path, m] : trained_counts) {
    write(path, std::int64_t{}, [m = m](const TrainedModel& s) { return s.*m; });
  }
}

void write_minima(Hdf5Writer& file, const Starts& starts,
                  const std::vector<training::Minimum>& minima) {
  if (minima.empty()) return;
  const auto count = minima.size();
  const auto features = static_cast<std::size_t>(starts.front()->model.features());
  std::vector<std::int64_t> minimum_of(starts.size(), -1);
  Array<double> loss{{count}, {}}, norm{{count}, {}}, dimensionality{{count, features}, {}};
  Array<std::int64_t> number{{count}, {}}, rank{{count}, {}}, best{{count}, {}};
  for (std::size_t k = 0; k < count; ++k) {
    const training::Minimum& minimum = minima[k];
    for (const Index start : minimum.models) {
      minimum_of[static_cast<std::size_t>(start)] = static_cast<std::int64_t>(k);
    }
    loss.values.push_back(minimum.loss);
    norm.values.push_back(minimum.norm);
    number.values.push_back(minimum.count());
    rank.values.push_back(minimum.rank);
    best.values.push_back(minimum.models.front());
    const Vector& values = minimum.feature_dimensionality;
    dimensionality.values.insert(dimensionality.values.end(), values.begin(), values.end());
  }
  file.write("/training/minimum", counting(static_cast<Index>(count)));
  file.write("/training/minimum_of", along_starts<std::int64_t>(starts, [&](const TrainedModel& s) {
               return minimum_of[s.start];
             }));
  file.write("/training/minimum_loss", loss);
  file.write("/training/count", number);
  file.write("/training/rank", rank);
  file.write("/training/norm", norm);
  file.write("/training/best_start", best);
  file.write("/training/feature_dimensionality", dimensionality);
}

// Padded with NaN after a start's last point.
void write_trajectories(Hdf5Writer& file, const Starts& starts, std::uint64_t record_every) {
  const auto points = [](const TrainedModel* s) { return s->trajectory.size(); };
  const std::size_t longest = points(*std::max_element(
      starts.begin(), starts.end(), [&](auto* a, auto* b) { return points(a) < points(b); }));
  if (longest == 0) return;
  Array<std::int64_t> step{{longest}, {}};
  for (std::size_t k = 1; k <= longest; ++k) {
    step.values.push_back(static_cast<std::int64_t>(k * record_every));
  }
  Array<double> value{{starts.size(), longest}, std::vector<double>(starts.size() * longest, nan)};
  for (std::size_t s = 0; s < starts.size(); ++s) {
    for (std::size_t k = 0; k < points(starts[s]); ++k) {
      value.values[s * longest + k] = starts[s]->trajectory[k].value;
    }
  }
  file.write("/training/step", step);
  file.write("/training/recorded", along_starts<std::int64_t>(starts, [](const TrainedModel& s) {
               return s.trajectory.size();
             }));
  file.write("/training/trajectory", value);
}

void write_snapshots(Hdf5Writer& file, const Starts& starts) {
  std::size_t longest = 0;
  for (const TrainedModel* start : starts) {
    if (start->trajectory.empty()) continue;
    if (start->trajectory.front().parameters.size() == 0) return;
    longest = std::max(longest, start->trajectory.size());
  }
  if (longest == 0) return;
  ReluAutoencoder model = starts.front()->model;
  const Index d = model.hidden(), D = model.features();
  const auto n = starts.size() * longest, weights = static_cast<std::size_t>(d * D);
  Array<double> W{
      {starts.size(), longest, static_cast<std::size_t>(d), static_cast<std::size_t>(D)},
      std::vector<double>(n * weights, nan)};
  Array<double> b{{starts.size(), longest, static_cast<std::size_t>(D)},
                  std::vector<double>(n * static_cast<std::size_t>(D), nan)};
  for (std::size_t s = 0; s < starts.size(); ++s) {
    for (std::size_t k = 0; k < starts[s]->trajectory.size(); ++k) {
      training::from_parameters(starts[s]->trajectory[k].parameters, model);
      const std::size_t place = s * longest + k;
      Eigen::Map<RowMajor>(W.values.data() + place * weights, d, D) = model.W;
      std::copy(model.b.begin(), model.b.end(), b.values.begin() + static_cast<Index>(place) * D);
    }
  }
  file.write("/training/hidden", counting(d));
  file.write("/training/snapshot_w", W);
  file.write("/training/snapshot_b", b);
}

}  // namespace

void write_training(const std::filesystem::path& target, const Provenance& provenance,
                    const TrainingRun& run, bool overwrite) {
  check_run(run);
  check_output(target, overwrite);
  const Starts starts = sorted(run.starts);
  Hdf5Writer file(target);
  write_header(file, train_filetype, provenance);
  write_model(file, starts);
  write_data(file, run.features);
  file.write("/training/start",
             along_starts<std::int64_t>(starts, [](const TrainedModel& s) { return s.start; }));
  file.write("/training/feature", counting(run.features.size()));
  write_starts(file, starts);
  write_minima(file, starts, run.minima);
  write_trajectories(file, starts, run.record_every);
  write_snapshots(file, starts);
  replace_file(target, file.image(), overwrite);
}

}  // namespace skeleta::storage
