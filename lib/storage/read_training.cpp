#include <fmt/format.h>

#include <new>
#include <utility>

#include "skeleta/storage/file_error.h"
#include "skeleta/storage/model_file.h"
#include "skeleta/storage/training_file.h"
#include "skeleta/training/parameters.h"
#include "storage/entries.h"
#include "storage/file_header.h"
#include "storage/hdf5_reader.h"
#include "storage/read_models.h"
#include "storage/schema_table.h"
#include "storage/training_fields.h"

namespace skeleta::storage {
namespace {

using training::TrainedModel;

// Reads into the starts of a run, which the file has in its own order.
class TrainingReader {
 public:
  explicit TrainingReader(const Hdf5Reader& file) : file_(file) {}

  TrainingRun read() {
    read_models_and_data();
    read_starts();
    if (file_.has("/training/minimum")) read_minima();
    if (file_.has("/training/step")) read_trajectories();
    if (file_.has("/training/snapshot_w")) read_snapshots();
    return std::move(run_);
  }

 private:
  TrainedModel& at(std::size_t place) { return run_.starts[order_[place]]; }

  void read_models_and_data() {
    require(file_, {"/model/W", "/model/b", "/data/density", "/data/importance"});
    ModelFile stored = read_models_from(file_, {.allow_wide = true});
    run_.features = {stored.density.front(), stored.importance.front()};
    run_.starts.resize(stored.models.size());
    std::vector<bool> seen(stored.models.size(), false);
    for (const std::int64_t start : read_entry<std::int64_t>(file_, "/training/start")) {
      const auto k = static_cast<std::size_t>(start);
      if (start < 0 || k >= seen.size() || seen[k]) {
        file_.refuse("/training/start must hold each of 0, 1, … once, for as many models");
      }
      seen[k] = true;
      order_.push_back(k);
    }
    if (order_.size() != seen.size()) file_.refuse("/training/start and /model/instance differ");
    for (std::size_t place = 0; place < order_.size(); ++place) {
      at(place).start = order_[place];
      at(place).model = std::move(stored.models[place]);
    }
  }

  template <class T, class Set>
  void each(const char* path, Set set) {
    const std::vector<T> values = read_entry<T>(file_, path);
    for (std::size_t place = 0; place < values.size(); ++place) set(at(place), values[place]);
  }

  void read_starts() {
    for (const auto& [path, m] : trained_loss_fields) {
      each<double>(path, [m = m](TrainedModel& s, double x) { s.loss.*m = x; });
    }
    for (const auto& [path, m] : trained_fields) {
      each<double>(path, [m = m](TrainedModel& s, double x) { s.*m = x; });
    }
    for (const auto& [path, m] : summary_fields) {
      each<double>(path, [m = m](TrainedModel& s, double x) { s.summary.*m = x; });
    }
    for (const auto& [path, m] : summary_counts) {
      each<std::int64_t>(path, [&, m = m, path = path](TrainedModel& s, std::int64_t n) {
        s.summary.*m = to_count(file_, path, n);
      });
    }
    for (const auto& [path, m] : trained_counts) {
      each<std::int64_t>(path, [&, m = m, path = path](TrainedModel& s, std::int64_t n) {
        s.*m = to_count(file_, path, n);
      });
    }
    const auto reasons = read_enum<optimize::StopReason>(file_, "/training/stop_reason");
    for (std::size_t place = 0; place < reasons.size(); ++place) {
      at(place).summary.stop_reason = reasons[place];
    }
  }

  // A minimum's models are in the order of the file: best first.
  void read_minima() {
    const auto loss = read_entry<double>(file_, "/training/minimum_loss");
    const auto rank = read_entry<std::int64_t>(file_, "/training/rank");
    const auto norm = read_entry<double>(file_, "/training/norm");
    const auto dimensionality = read_entry<double>(file_, "/training/feature_dimensionality");
    const Index features = run_.features.size();
    run_.minima.resize(loss.size());
    for (std::size_t k = 0; k < loss.size(); ++k) {
      training::Minimum& minimum = run_.minima[k];
      minimum.loss = loss[k];
      minimum.rank = rank[k];
      minimum.norm = norm[k];
      minimum.feature_dimensionality = Eigen::Map<const Vector>(
          dimensionality.data() + static_cast<Index>(k) * features, features);
    }
    const auto minimum_of = read_entry<std::int64_t>(file_, "/training/minimum_of");
    for (std::size_t place = 0; place < minimum_of.size(); ++place) {
      const std::int64_t k = minimum_of[place];
      if (k < -1 || k >= static_cast<std::int64_t>(loss.size())) {
        file_.refuse(fmt::format("/training/minimum_of[{}] = {} is no minimum", place, k));
      }
      if (k >= 0) {
        run_.minima[static_cast<std::size_t>(k)].models.push_back(
            static_cast<Index>(order_[place]));
      }
    }
    for (const training::Minimum& minimum : run_.minima) {
      if (minimum.models.empty()) file_.refuse("/training/minimum_of leaves a minimum out");
    }
  }

  void read_trajectories() {
    const auto step = read_entry<std::int64_t>(file_, "/training/step");
    const auto value = read_entry<double>(file_, "/training/trajectory");
    run_.record_every = to_count(file_, "/training/step", step.front());
    const auto recorded = read_entry<std::int64_t>(file_, "/training/recorded");
    for (std::size_t place = 0; place < recorded.size(); ++place) {
      const auto count =
          static_cast<std::size_t>(to_count(file_, "/training/recorded", recorded[place]));
      if (count > step.size()) file_.refuse("/training/recorded exceeds the axis step");
      for (std::size_t k = 0; k < count; ++k) {
        at(place).trajectory.push_back(
            {static_cast<std::uint64_t>(step[k]), value[place * step.size() + k], {}});
      }
    }
  }

  void read_snapshots() {
    const auto W = read_entry<double>(file_, "/training/snapshot_w");
    const auto b = read_entry<double>(file_, "/training/snapshot_b");
    const auto steps = static_cast<Index>(file_.shape("/training/step").front());
    ReluAutoencoder model = run_.starts.front().model;
    const Index d = model.hidden(), D = model.features();
    for (std::size_t place = 0; place < order_.size(); ++place) {
      Index k = static_cast<Index>(place) * steps;
      for (training::TrajectoryPoint& point : at(place).trajectory) {
        model.W = Eigen::Map<const RowMajor>(W.data() + k * d * D, d, D);
        model.b = Eigen::Map<const Vector>(b.data() + k * D, D);
        point.parameters = training::to_parameters(model);
        ++k;
      }
    }
  }

  const Hdf5Reader& file_;
  TrainingRun run_;
  std::vector<std::size_t> order_;  // the start at each place of the file
};

}  // namespace

TrainingFile read_training(const std::filesystem::path& file) {
  try {
    const Hdf5Reader reader(file);
    check_kind(reader, train_filetype);
    return {read_build(reader), read_provenance(reader), TrainingReader(reader).read()};
  } catch (const std::bad_alloc&) {
    throw FileError(file, "does not fit into the memory");
  }
}

std::string filetype_of(const std::filesystem::path& file) {
  return Hdf5Reader(file, Extent::attributes).text("/", "filetype").value_or("");
}

}  // namespace skeleta::storage
