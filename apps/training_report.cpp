#include "training_report.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <nlohmann/json.hpp>

#include "report.h"
#include "skeleta/training/phase.h"

namespace skeleta::program {
namespace {

using training::TrainedModel;

const TrainedModel& representative(const storage::TrainingRun& run,
                                   const training::Minimum& minimum) {
  return run.starts[static_cast<std::size_t>(minimum.models.front())];
}

std::size_t diverged(const storage::TrainingRun& run) {
  std::size_t count = run.starts.size();
  for (const training::Minimum& minimum : run.minima) count -= minimum.models.size();
  return count;
}

}  // namespace

const TrainedModel* best_of(const storage::TrainingRun& run) {
  return run.minima.empty() ? nullptr : &representative(run, run.minima.front());
}

void print_training(std::ostream& out, const storage::TrainingRun& run) {
  const ReluAutoencoder& model = run.starts.front().model;
  const auto features = static_cast<double>(model.features());
  fmt::print(out, "{} features in {} hidden dimensions, density {}, importance {}\n\n",
             model.features(), model.hidden(), one_or_range(run.features.density),
             one_or_range(run.features.importance));
  const std::size_t count = run.starts.size(), failed = diverged(run);
  const TrainedModel* best = best_of(run);
  if (best == nullptr) {
    fmt::print(out, "all {} starts diverged\n", count);
    return;
  }
  fmt::print(out, "best of {} start{}: number {}\n", count, count == 1 ? "" : "s", best->start);
  fmt::print(out, "  loss           {:.11g} (exact, error <= {:.1g})\n", best->loss.value,
             best->loss.error_bound);
  fmt::print(out, "  loss/D         {:.11g}\n", best->loss.value / features);
  fmt::print(out, "  gradient norm  {:.2g}\n", best->loss_gradient_norm);
  fmt::print(out, "  ended by       {} after {} steps\n", to_string(best->summary.stop_reason),
             best->summary.iterations);
  fmt::print(out, "\n{:>15}  {:>15}  {:>6}  {:>4}  {}\n", "minimum: loss", "loss/D", "starts",
             "rank", "dimensionalities");
  constexpr std::size_t most = 20;
  for (std::size_t k = 0; k < std::min(most, run.minima.size()); ++k) {
    const training::Minimum& minimum = run.minima[k];
    fmt::print(out, "{:>15.11g}  {:>15.11g}  {:>6}  {:>4}  {}\n", minimum.loss,
               minimum.loss / features, minimum.count(), minimum.rank,
               training::phase_of(representative(run, minimum).model.W).label);
  }
  if (run.minima.size() > most) fmt::print(out, "and {} more minima\n", run.minima.size() - most);
  if (failed > 0) fmt::print(out, "{} of {} starts diverged\n", failed, count);
}

nlohmann::ordered_json to_json(const storage::TrainingRun& run) {
  using Json = nlohmann::ordered_json;
  Json best = nullptr, minima = Json::array(), starts = Json::array();
  if (const TrainedModel* start = best_of(run)) {
    best = {{"loss", start->loss.value},
            {"start", start->start},
            {"gradient_norm", start->loss_gradient_norm},
            {"stop_reason", to_string(start->summary.stop_reason)}};
  }
  for (const training::Minimum& minimum : run.minima) {
    const Vector& values = minimum.feature_dimensionality;
    minima.push_back(
        {{"loss", minimum.loss},
         {"count", minimum.count()},
         {"rank", minimum.rank},
         {"feature_dimensionality", std::vector<double>(values.begin(), values.end())}});
  }
  for (const TrainedModel& start : run.starts) {
    starts.push_back({{"start", start.start},
                      {"loss", start.loss.value},
                      {"error_bound", start.loss.error_bound},
                      {"gradient_norm", start.loss_gradient_norm},
                      {"stop_reason", to_string(start.summary.stop_reason)},
                      {"steps", start.summary.iterations},
                      {"evaluations", start.summary.evaluations}});
  }
  return {{"best", best}, {"minima", minima}, {"starts", starts}};
}

}  // namespace skeleta::program
