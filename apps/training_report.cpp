#include "training_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "print.h"
#include "report.h"
#include "result_report.h"
#include "skeleta/training/phase.h"
#include "skeleta/training/unseen.h"

namespace skeleta::program {
namespace {

using training::TrainedModel;

const TrainedModel& representative(const storage::TrainingRun& run,
                                   const training::Minimum& minimum) {
  return run.starts[static_cast<std::size_t>(minimum.models.front())];
}

std::size_t diverged(const storage::TrainingRun& run) {
  return static_cast<std::size_t>(
      std::count_if(run.starts.begin(), run.starts.end(),
                    [](const TrainedModel& start) { return start.diverged(); }));
}

// Starts that ended before they met a tolerance, by what ended them.
struct OtherEnd {
  optimize::DescentStop reason;
  std::size_t count = 0;
  double least = INFINITY;
};

std::vector<OtherEnd> other_ends(const storage::TrainingRun& run) {
  std::vector<OtherEnd> ends;
  for (const TrainedModel& start : run.starts) {
    if (start.is_minimum() || start.diverged()) continue;
    const auto reason = start.summary.stop_reason;
    auto end = std::find_if(ends.begin(), ends.end(),
                            [&](const OtherEnd& other) { return other.reason == reason; });
    if (end == ends.end()) end = ends.insert(end, OtherEnd{reason});
    ++end->count;
    end->least = std::min(end->least, start.loss.value);
  }
  return ends;
}

void print_minima(std::ostream& out, const storage::TrainingRun& run, double features) {
  constexpr std::size_t most = 20;
  const bool charged = std::ranges::any_of(
      run.minima, [](const auto& minimum) { return minimum.objective != minimum.loss; });
  print_to(out, "\n{:>15}  {:>15}  {:>6}  {:>4}  {}\n", "minimum: loss",
           charged ? "with penalty" : "loss/D", "starts", "rank", "dimensionalities");
  for (std::size_t k = 0; k < std::min(most, run.minima.size()); ++k) {
    const training::Minimum& minimum = run.minima[k];
    print_to(out, "{:>15.11g}  {:>15.11g}  {:>6}  {:>4}  {}\n", minimum.loss,
             charged ? minimum.objective : minimum.loss / features, minimum.count(), minimum.rank,
             training::phase_of(representative(run, minimum).model.W).label);
  }
  if (run.minima.size() > most) print_to(out, "and {} more minima\n", run.minima.size() - most);
}

void print_other_ends(std::ostream& out, const std::vector<OtherEnd>& ends, double features) {
  print_to(out, "\n{:>15}  {:>15}  {:>6}  {}\n", "no minimum", "loss/D", "starts", "ended by");
  for (const OtherEnd& end : ends) {
    print_to(out, "{:>15}  {:>15.11g}  {:>6}  {}\n",
             fmt::format("{}{:.9g}", end.count > 1 ? ">= " : "", end.least), end.least / features,
             end.count, to_string(end.reason));
  }
}

// Nothing is said of one start.
void print_unseen(std::ostream& out, const training::Unseen& unseen) {
  if (unseen.starts < 2 || unseen.best == 0) return;
  print_to(out, "\nthe best minimum was found by {} of {} starts\n", unseen.best, unseen.starts);
  if (unseen.once == 0) {
    print_to(out,
             "each end was met more than once; one that {:.2g} of all starts lead to would have\n"
             "been met with 95 % confidence\n",
             unseen.detectable);
    return;
  }
  print_to(
      out,
      "the next start ends at one not seen yet with probability {:.2g} +- {:.2g} (Good-Turing:\n"
      "{} ended where no other did); a minimum that {:.2g} of all starts lead to would have been\n"
      "met with 95 % confidence\n",
      unseen.probability, unseen.standard_error, unseen.once, unseen.detectable);
}

// Where something else than the loss was minimised: it is what vanishes at a minimum.
void print_objective(std::ostream& out, const TrainedModel& start) {
  const double value = start.summary.value, loss = start.loss.value;
  if (std::abs(value - loss) <= 1e-4 * std::max(std::abs(value), loss)) return;
  print_to(out, "  objective      {:.11g}, gradient norm {:.2g}\n", value,
           start.summary.gradient_norm);
}

}  // namespace

bool settled(const storage::TrainingRun& run, double most) {
  return most >= 0.0 && training::seen_enough(run.starts, run.features, most);
}

const TrainedModel* best_of(const storage::TrainingRun& run) {
  return training::best_of(run.starts);
}

void print_training(std::ostream& out, const storage::TrainingRun& run, std::uint64_t asked) {
  const Autoencoder& model = run.starts.front().model;
  const auto features = static_cast<double>(model.features());
  print_to(out, "{} features in {} hidden dimensions, density {}, importance {}\n\n",
           model.features(), model.hidden(), one_or_range(run.features.density),
           one_or_range(run.features.importance));
  const std::size_t count = run.starts.size(), failed = diverged(run);
  if (count < asked) print_to(out, "unfinished: {} of {} starts\n", count, asked);
  const TrainedModel* best = best_of(run);
  if (best == nullptr) {
    print_to(out, "all {} starts diverged\n", count);
    return;
  }
  print_to(out, "best of {} start{}: number {}\n", count, count == 1 ? "" : "s", best->start);
  print_to(out, "  loss           {:.11g} (exact, error <= {:.1g})\n", best->loss.value,
           best->loss.error_bound);
  print_to(out, "  loss/D         {:.11g}\n", best->loss.value / features);
  print_to(out, "  gradient norm  {:.2g}\n", best->loss_gradient_norm);
  print_objective(out, *best);
  print_to(out, "  ended by       {} after {} steps\n", to_string(best->summary.stop_reason),
           best->summary.iterations);
  if (best->landscape != training::Landscape::unknown) {
    print_to(out, "  second order   {}\n", to_string(best->landscape));
  }
  if (!run.minima.empty()) print_minima(out, run, features);
  const std::vector<OtherEnd> others = other_ends(run);
  if (!others.empty()) print_other_ends(out, others, features);
  print_unseen(out, training::unseen(run.minima, count));
  if (failed > 0) print_to(out, "{} of {} starts diverged\n", failed, count);
}

nlohmann::ordered_json to_json(const storage::TrainingRun& run, std::uint64_t asked) {
  using Json = nlohmann::ordered_json;
  Json json = json_of_rows(storage::training_results(run).datasets());
  for (std::size_t k = 0; k < run.starts.size(); ++k) {
    json["starts"][k]["is_minimum"] = run.starts[k].is_minimum();
    json["starts"][k]["charged_loss"] = run.starts[k].charged_loss();
  }
  if (run.minima.empty()) json["minima"] = Json::array();
  for (std::size_t k = 0; k < run.minima.size(); ++k) {
    json["minima"][k]["charged_loss"] = run.minima[k].objective;
  }
  const TrainedModel* best = best_of(run);
  json["best"] =
      best == nullptr ? Json() : json["starts"][static_cast<std::size_t>(best - run.starts.data())];
  Json others = Json::array();
  for (const OtherEnd& end : other_ends(run)) {
    others.push_back(
        {{"stop_reason", to_string(end.reason)}, {"count", end.count}, {"loss", end.least}});
  }
  const training::Unseen unseen = training::unseen(run.minima, run.starts.size());
  json["other_ends"] = others;
  json["unseen"] = {{"best_found", unseen.best},
                    {"found_once", unseen.once},
                    {"probability", unseen.probability},
                    {"standard_error", unseen.standard_error},
                    {"detectable", unseen.detectable}};
  json["asked_starts"] = asked;
  return json;
}

}  // namespace skeleta::program
