#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "core/require.h"
#include "skeleta/storage/training_file.h"
#include "skeleta/training/parameters.h"
#include "storage/kinds/models.h"
#include "storage/read_kind.h"

namespace skeleta::storage {
namespace {

using training::Minimum;
using training::TrainedModel;
using Starts = std::vector<const TrainedModel*>;
constexpr const char* each_start = "starts[].";  // in JSON

// Along [start].
const Fields<TrainedModel>& start_fields() {
  using Start = TrainedModel;
  using optimize::Summary;
  static const auto fields = block<Start>(
      "/training", "since 1.3, in training files",
      {
          {axis("start",
                "number of the start; the order is that of /model: best loss, with penalties, "
                "first")
               .as("start"),
           &Start::start},
          {axis("feature", "feature")},
          {real("loss", "start",
                "integral loss at the end, whatever was minimised; NaN if it diverged"),
           &Start::loss, &exact::Loss::value},
          {magnitude("error_bound", "start", "rigorous bound of the error of loss")
               .cites("mathematics.md, Theorem 3.7"),
           &Start::loss, &exact::Loss::error_bound},
          {magnitude("gradient_norm", "start", "Euclidean norm of the gradient of loss"),
           &Start::loss_gradient_norm},
          {word("stop_reason", "start", "why the start ended"), &Start::summary,
           &Summary::stop_reason},
          {whole("steps", "start", "steps of the optimizer"), &Start::summary,
           &Summary::iterations},
          {whole("evaluations", "start", "evaluations of the objective"), &Start::summary,
           &Summary::evaluations},
          {real("objective_value", "start", "last value of what was minimised"), &Start::summary,
           &Summary::value},
          {magnitude("objective_gradient_norm", "start", "norm of its gradient"), &Start::summary,
           &Summary::gradient_norm},
          {whole("unmet", "start", "evaluations that did not meet their error target"),
           &Start::unmet},
      },
      each_start);
  static const auto both = joined(
      fields,
      block<Start>("/training", "since 1.11, in training files",
                   {{word("landscape", "start",
                          "what the end is for the objective, of --optimizer newton and auto"),
                     &Start::landscape}},
                   each_start));
  return both;
}

const Fields<TrainedModel>& penalty_fields() {
  static const auto fields = block<TrainedModel>(
      "/training", "since 1.11, in training files with penalties",
      {{magnitude(
            "penalty", "start",
            "what --interference and --weight-decay add to loss: starts and minima are sorted "
            "by the sum")
            .cites("mathematics.md, Proposition 11.5"),
        &TrainedModel::penalty}},
      each_start);
  return fields;
}

bool charged(const std::vector<TrainedModel>& starts) {
  return std::ranges::any_of(starts, [](const TrainedModel& start) { return start.penalty > 0.0; });
}

// Along [minimum].
const Fields<Minimum>& minimum_fields() {
  constexpr const char* met = "since 1.3, if a start met the tolerance";
  static const auto fields = joined(
      block<Minimum>(
          "/training", met,
          {
              {axis("minimum", "distinct minimum, best first")},
              {whole("minimum_of", "start",
                     "the minimum that the start ended in; -1 if it diverged or ended before the "
                     "tolerance was met")
                   .from(-1)},
              {whole("best_start", "minimum", "number of the best start that ended there")},
          }),
      block<Minimum>(
          "/training", met,
          {
              {real("minimum_loss", "minimum",
                    "loss, without penalties, of the best start that ended there")
                   .finite()
                   .as("loss"),
               &Minimum::loss},
              {whole("count", "minimum", "number of starts that ended there").from(1),
               &Minimum::count},
              {whole("rank", "minimum", "rank of W"), &Minimum::rank},
              {magnitude("norm", "minimum", "squared Frobenius norm of W"), &Minimum::norm},
              {magnitude(
                   "feature_dimensionality", "minimum feature",
                   "feature dimensionalities of best_start in falling order: the axis is not the "
                   "feature")
                   .cites("mathematics.md, Proposition 7.4"),
               &Minimum::feature_dimensionality},
          },
          "minima[]."));
  return fields;
}

Rows trajectory_rows() {
  return rows_of(
      block("/training", "since 1.3, if a start was long enough to be recorded",
            {
                whole("step", "step", "number of the step; 0 is the start").from(0),
                whole("recorded", "start", "number of recorded steps"),
                real("trajectory", "start step",
                     "the objective at the step; NaN after the last recorded one"),
            }),
      block("/training", "since 1.3, with --snapshots",
            {
                axis("hidden", "hidden dimension"),
                real("snapshot_w", "start step hidden feature", "W after the step; NaN likewise"),
                real("snapshot_b", "start step feature", "b after the step; NaN likewise"),
            }),
      block("/training", "since 1.8, with --snapshots of untied models",
            {
                real("snapshot_w_out", "start step feature hidden",
                     "W_out after the step; NaN likewise"),
            }));
}

void check_run(const TrainingRun& run) {
  if (run.starts.empty()) throw std::invalid_argument("starts is empty: a file needs at least one");
  const Autoencoder& first = run.starts.front().model;
  validate(run.features, first.features());
  for (std::size_t k = 0; k < run.starts.size(); ++k) {
    const TrainedModel& start = run.starts[k];
    if (k > 0 && start.start <= run.starts[k - 1].start) {
      throw std::invalid_argument(
          fmt::format("start {} comes after start {}", start.start, run.starts[k - 1].start));
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
    const double value = start->charged_loss();
    return std::isfinite(value) ? value : std::numeric_limits<double>::infinity();
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](const TrainedModel* a, const TrainedModel* b) { return key(a) < key(b); });
  return order;
}

double finite_or_zero(double x) {
  return std::isfinite(x) ? x : 0.0;
}

void put_ends(Results& results, const Starts& starts) {
  std::vector<Autoencoder> models;
  std::vector<const Autoencoder*> pointers;
  for (const TrainedModel* start : starts) {
    Autoencoder& model = models.emplace_back(start->model);
    model.W = model.W.unaryExpr(&finite_or_zero).eval();
    model.W_out = model.W_out.unaryExpr(&finite_or_zero).eval();
    model.b = model.b.unaryExpr(&finite_or_zero).eval();
  }
  for (const Autoencoder& model : models) pointers.push_back(&model);
  put_models(results, pointers);
}

void put_minima(Results& results, const Starts& starts, const TrainingRun& run) {
  if (run.minima.empty()) return;
  std::vector<std::int64_t> of_start(starts.size(), -1), minimum_of;  // by place in run.starts
  for (std::size_t k = 0; k < run.minima.size(); ++k) {
    for (const Index place : run.minima[k].models) {
      of_start[static_cast<std::size_t>(place)] = static_cast<std::int64_t>(k);
    }
  }
  std::vector<std::int64_t> best;  // numbers
  for (const TrainedModel* start : starts) {
    minimum_of.push_back(of_start[static_cast<std::size_t>(start - run.starts.data())]);
  }
  for (const Minimum& minimum : run.minima) {
    const auto place = static_cast<std::size_t>(minimum.models.front());
    best.push_back(static_cast<std::int64_t>(run.starts[place].start));
  }
  results.add("/training/minimum_of", minimum_of);
  put(results, minimum_fields(), run.minima);
  results.add("/training/best_start", best);
}

// The steps of the longest trajectory, of which the others have the first ones.
std::vector<std::int64_t> steps_of(const Starts& starts) {
  std::vector<std::int64_t> steps;
  for (const TrainedModel* start : starts) {
    for (std::size_t k = 0; k < start->trajectory.size(); ++k) {
      const auto step = static_cast<std::int64_t>(start->trajectory[k].step);
      if (k == steps.size()) steps.push_back(step);
      require(steps[k] == step,
              fmt::format("the trajectories of the starts have other steps: {} and {} at place {}",
                          steps[k], step, k));
    }
  }
  return steps;
}

void put_trajectories(Results& results, const Starts& starts) {
  std::vector<std::int64_t> recorded;
  for (const TrainedModel* start : starts) {
    recorded.push_back(static_cast<std::int64_t>(start->trajectory.size()));
  }
  const std::vector<std::int64_t> step = steps_of(starts);
  const std::size_t longest = step.size();
  if (longest == 0) return;
  const Autoencoder& shape = starts.front()->model;
  const auto d = static_cast<std::size_t>(shape.hidden());
  const auto D = static_cast<std::size_t>(shape.features());
  bool snapshots = false;
  for (const TrainedModel* start : starts) {
    if (!start->trajectory.empty()) snapshots = start->trajectory.front().parameters.size() > 0;
    if (snapshots) break;
  }
  const std::size_t n = starts.size() * longest, weights = snapshots ? d * D : 0;
  const std::size_t decoder = shape.tied() ? 0 : weights;
  std::vector<double> value(n, nan), W(n * weights, nan), b(snapshots ? n * D : 0, nan);
  std::vector<double> W_out(n * decoder, nan);
  for (std::size_t s = 0; s < starts.size(); ++s) {
    std::size_t place = s * longest;
    for (const training::TrajectoryPoint& point : starts[s]->trajectory) {
      value[place] = point.value;
      if (snapshots) {
        Autoencoder model = shape;
        training::from_parameters(point.parameters, model);
        Eigen::Map<RowMajor>(W.data() + place * weights, model.hidden(), model.features()) =
            model.W;
        Eigen::Map<RowMajor>(W_out.data() + place * decoder, model.W_out.rows(),
                             model.W_out.cols()) = model.W_out;
        std::copy(model.b.begin(), model.b.end(), b.data() + place * D);
      }
      ++place;
    }
  }
  results.add("/training/step", step);
  results.add("/training/recorded", recorded);
  results.add("/training/trajectory", {starts.size(), longest}, std::move(value));
  if (!snapshots) return;
  results.add("/training/snapshot_w", {starts.size(), longest, d, D}, std::move(W));
  results.add("/training/snapshot_b", {starts.size(), longest, D}, std::move(b));
  if (decoder == 0) return;
  results.add("/training/snapshot_w_out", {starts.size(), longest, D, d}, std::move(W_out));
}

// A minimum's models are in the order of the file: best first.
void get_minima(const ResultFile& file, TrainingRun& run, const std::vector<TrainedModel*>& order) {
  const ResultDataset* axis = file.find("/training/minimum");
  if (axis == nullptr) return;
  run.minima.resize(axis->shape.front());
  get(file, minimum_fields(), run.minima);
  const auto& minimum_of = file.values<std::int64_t>("/training/minimum_of");
  for (std::size_t place = 0; place < minimum_of.size(); ++place) {
    const std::int64_t k = minimum_of[place];
    if (k >= static_cast<std::int64_t>(run.minima.size())) {
      file.refuse(fmt::format("/training/minimum_of[{}] = {} is no minimum", place, k));
    }
    if (k < 0) continue;
    run.minima[static_cast<std::size_t>(k)].models.push_back(
        static_cast<Index>(order[place] - run.starts.data()));
  }
  for (Minimum& minimum : run.minima) {
    if (minimum.models.empty()) file.refuse("/training/minimum_of leaves a minimum out");
    const auto first = static_cast<std::size_t>(minimum.models.front());
    minimum.objective = minimum.loss + run.starts[first].penalty;
  }
}

void get_trajectories(const ResultFile& file, const std::vector<TrainedModel*>& order) {
  if (file.find("/training/step") == nullptr) return;
  const auto& step = file.values<std::int64_t>("/training/step");
  const auto& recorded = file.values<std::int64_t>("/training/recorded");
  const auto& value = file.values<double>("/training/trajectory");
  const bool snapshots = file.find("/training/snapshot_w") != nullptr;
  Autoencoder model = order.front()->model;
  const Index d = model.hidden(), D = model.features();
  for (std::size_t s = 0; s < order.size(); ++s) {
    const auto count = static_cast<std::size_t>(recorded[s]);
    if (count > step.size()) file.refuse("/training/recorded exceeds the axis step");
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t place = s * step.size() + k;
      training::TrajectoryPoint point{static_cast<std::uint64_t>(step[k]), value[place], {}};
      if (snapshots) {
        const auto p = static_cast<Index>(place);
        const double* W = file.values<double>("/training/snapshot_w").data();
        const double* b = file.values<double>("/training/snapshot_b").data();
        model.W = Eigen::Map<const RowMajor>(W + p * d * D, d, D);
        model.b = Eigen::Map<const Vector>(b + p * D, D);
        if (!model.tied()) {
          const double* W_out = file.values<double>("/training/snapshot_w_out").data();
          model.W_out = Eigen::Map<const RowMajor>(W_out + p * d * D, D, d);
        }
        point.parameters = training::to_parameters(model);
      }
      order[s]->trajectory.push_back(std::move(point));
    }
  }
}

}  // namespace

Rows training_rows() {
  return rows_of(start_fields(), penalty_fields(), minimum_fields(), trajectory_rows());
}

Results training_results(const TrainingRun& run) {
  Results results;
  std::vector<const TrainedModel*> starts;
  for (const TrainedModel& start : run.starts) starts.push_back(&start);
  put(results, start_fields(), starts);
  put(results, penalty_fields(), starts);
  put(results, minimum_fields(), run.minima);
  return results;
}

void write_training(const std::filesystem::path& target, const Provenance& provenance,
                    const TrainingRun& run, bool overwrite) {
  check_run(run);
  const Starts starts = sorted(run.starts);
  Results results;
  put_ends(results, starts);
  put_features(results, run.features);
  results.axis("/training/feature", run.features.size());
  put(results, start_fields(), starts);
  if (charged(run.starts)) put(results, penalty_fields(), starts);
  put_minima(results, starts, run);
  put_trajectories(results, starts);
  write_result(target, "skeleta train", provenance, results, overwrite);
}

TrainingFile read_training(const std::filesystem::path& path) {
  ModelFile models;
  const ResultFile file = read_kind(path, "skeleta train", &models);
  const auto& numbers = file.values<std::int64_t>("/training/start");
  if (numbers.size() != models.models.size()) {
    file.refuse("/training/start and /model/instance differ");
  }
  TrainingFile result{file.build, file.provenance, {}};
  TrainingRun& run = result.run;
  run.features = models.features(0);
  run.starts.resize(numbers.size());
  std::vector<std::int64_t> rising = numbers;  // distinct, as of any axis
  std::sort(rising.begin(), rising.end());
  std::vector<TrainedModel*> order;  // of the file
  for (std::size_t place = 0; place < numbers.size(); ++place) {
    const auto k = std::lower_bound(rising.begin(), rising.end(), numbers[place]) - rising.begin();
    order.push_back(&run.starts[static_cast<std::size_t>(k)]);
    order.back()->model = std::move(models.models[place]);
  }
  get(file, start_fields(), order);
  get(file, penalty_fields(), order);
  get_minima(file, run, order);
  get_trajectories(file, order);
  return result;
}

}  // namespace skeleta::storage
