#include "skeleta/training/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "core/require.h"
#include "core/rounds.h"
#include "skeleta/core/cancellation.h"
#include "skeleta/measure/law_text.h"
#include "skeleta/training/unseen.h"

namespace skeleta::training {
namespace {

template <class Values, class Holds>
void check_list(const char* name, const Values& values, const char* rule, Holds holds) {
  require(!values.empty(), fmt::format("{} is empty: the grid has no cell", name));
  for (const auto& value : values) {
    require(holds(value), fmt::format("{} = {} must {}", name, value, rule));
  }
}

Options options_of(const SweepPlan& plan, const SweepCell& cell, int threads) {
  Options options = plan.training;
  options.objective = cell.objective;
  options.seed = cell.seed;
  options.threads = threads;
  return options;
}

// The end with the least of what is minimised. Of objectives that look at few active features,
// which may have many minima alike, the one of these with the least loss.
const TrainedModel* best_of(const SweepPlan& plan, const SweepCell& cell,
                            const Training& training) {
  using enum ObjectiveKind;
  if (cell.objective != one_sparse && cell.objective != k_sparse) return training.best();
  double least = std::numeric_limits<double>::infinity();
  for (const TrainedModel& end : training.starts) {
    if (!end.diverged()) least = std::min(least, end.summary.value);
  }
  const double same = plan.training.minima.loss_tolerance *
                      std::max(least, 1e-6 * loss_of_zero_model(features_of(plan, cell)));
  const TrainedModel* best = nullptr;
  for (const TrainedModel& end : training.starts) {
    if (end.diverged() || end.summary.value > least + same) continue;
    if (!best || end.charged_loss() < best->charged_loss()) best = &end;
  }
  return best;
}

}  // namespace

void validate(const SweepPlan& plan) {
  const auto positive = [](Index value) { return value >= 1; };
  check_list("features", plan.features, "be at least 1", positive);
  check_list("hidden", plan.hidden, "be at least 1", positive);
  check_list("density", plan.density, "lie in (0, 1]",
             [](double p) { return p > 0.0 && p <= 1.0; });
  check_list("importance_decay", plan.importance_decay, "be positive and finite",
             [](double r) { return r > 0.0 && std::isfinite(r); });
  require(!plan.objective.empty(), "objective is empty: the grid has no cell");
  require(!plan.seed.empty(), "seed is empty: the grid has no cell");
  require(
      plan.represented_norm >= 0.0 && std::isfinite(plan.represented_norm),
      fmt::format("represented_norm = {} must be finite and not negative", plan.represented_norm));
  const double unseen = plan.until_unseen.value_or(0.0);
  require(unseen >= 0.0 && unseen <= 1.0,
          fmt::format("until_unseen = {} must lie in [0, 1]", unseen));
  const Index widest = *std::max_element(plan.hidden.begin(), plan.hidden.end());
  const Index fewest = *std::min_element(plan.features.begin(), plan.features.end());
  require(plan.allow_wide || widest <= fewest,
          fmt::format("hidden = {} exceeds features = {}: allow wide cells if that is meant",
                      widest, fewest));
  for (const SweepCell& cell : cells_of(plan)) {
    validate(options_of(plan, cell, plan.training.threads), features_of(plan, cell), cell.hidden);
  }
}

std::vector<SweepCell> cells_of(const SweepPlan& plan) {
  std::vector<SweepCell> cells;
  for (const Index features : plan.features)
    for (const Index hidden : plan.hidden)
      for (const double density : plan.density)
        for (const double decay : plan.importance_decay)
          for (const ObjectiveKind objective : plan.objective)
            for (const std::uint64_t seed : plan.seed)
              cells.push_back({cells.size(), features, hidden, density, decay, objective, seed});
  return cells;
}

Features features_of(const SweepPlan& plan, const SweepCell& cell) {
  Features features = Features::uniform(cell.features, cell.density);
  for (Index i = 0; i < cell.features; ++i) {
    features.importance(i) = std::pow(cell.importance_decay, static_cast<double>(i));
  }
  if (plan.groups.empty() && plan.values == ValueLaw()) return features;
  const ActivityTree activity = plan.groups.empty() ? ActivityTree::independent(features.density)
                                                    : parse_groups(plan.groups, features.density);
  const std::vector<ValueLaw> values(static_cast<std::size_t>(cell.features), plan.values);
  return Features::of({activity, values}, features.importance);
}

CellResult run_cell(const SweepPlan& plan, const SweepCell& cell, int threads) {
  Options options = options_of(plan, cell, threads);
  if (plan.configurations && options.search == Search::hopping) {
    options.configurations = plan.configurations(cell.features, cell.hidden);
  }
  const Features features = features_of(plan, cell);
  Training training;
  bool enough = false;
  const bool all = train(features, cell.hidden, options, [&](TrainedModel&& start) {
    training.starts.push_back(std::move(start));
    enough = plan.until_unseen && seen_enough(training.starts, features, *plan.until_unseen);
    return !enough;
  });
  if (!all && !enough) throw Interrupted();
  CellResult result;
  result.cell = cell;
  result.starts = training.starts.size();
  result.minima = minima_of(training.starts, features, options.minima);
  for (const TrainedModel& start : training.starts) {
    result.failed += start.diverged();
  }
  const TrainedModel* best = best_of(plan, cell, training);
  result.best = best ? *best : training.starts.front();
  if (best) result.phase = phase_of(best->model.W, plan.represented_norm);
  return result;
}

bool sweep(const SweepPlan& plan, std::span<const std::size_t> finished,
           const CellCallback& callback) {
  validate(plan);
  const std::vector<SweepCell> cells = cells_of(plan);
  std::vector<bool> done(cells.size(), false);
  for (const std::size_t index : finished) {
    require(index < cells.size(),
            fmt::format("finished cell {} is not in the grid of {} cells", index, cells.size()));
    done[index] = true;
  }
  std::vector<SweepCell> left;
  std::copy_if(cells.begin(), cells.end(), std::back_inserter(left),
               [&](const SweepCell& cell) { return !done[cell.index]; });
  std::vector<CellResult> results(left.size());
  bool go_on = true;
  const auto compute = [&](std::size_t k) {
    results[k] = run_cell(plan, left[k], plan.training.threads);
  };
  const auto merge = [&](std::size_t k) {
    go_on = callback(results[k]);
    results[k] = {};
    return go_on;
  };
  try {
    for_each_in_rounds(left.size(), plan.training.threads, compute, merge);
  } catch (const Interrupted&) {
    go_on = false;  // the finished cells are a result
  }
  return go_on;
}

}  // namespace skeleta::training
