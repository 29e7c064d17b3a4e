#include "sweep_plan.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "errors.h"
#include "known_configurations.h"
#include "numbers.h"
#include "option_table.h"
#include "skeleta/measure/law_text.h"
#include "training_options.h"

namespace skeleta::program {
namespace {

std::uint64_t checked_seed(const std::string& word) {
  if (const auto seed = to_seed(word)) return *seed;
  throw UsageError(
      fmt::format("seed: '{}' is not a whole number from 0 to 2^64 - 1, from 2^63 on in quotation "
                  "marks",
                  word));
}

// The keys of a plan: lists of the grid's axes, and what all cells share.
struct PlanKeys {
  std::vector<Index> features, hidden;
  std::vector<double> density, sparsity, importance_decay{1.0};
  std::vector<std::string> objective{"exact"}, seed{"1"};
  std::string values = to_string(ValueLaw()), groups;
  TrainingWords words;
  std::optional<double> until_unseen;
  double represented_norm = training::SweepPlan{}.represented_norm;
  bool allow_wide = false;

  void declare(OptionTable& keys) {
    keys.add("features", &features, "[D, ...]", "Numbers of features").within(1.0);
    keys.add("hidden", &hidden, "[d, ...]", "Hidden dimensions").within(1.0);
    keys.add("density", &density, "[p, ...]", "Densities").within(0.0, 1.0).not_with({"sparsity"});
    keys.add("sparsity", &sparsity, "[S, ...]", "or sparsities, p = 1 - S").within(0.0, 1.0);
    keys.add("importance-decay", &importance_decay, "[r, ...]",
             "Importance r^i of feature i = 0, 1, ...");
    keys.add("objective", &objective, "[NAME, ...]", "As train --objective")
        .checked_by([](const std::string& word) { objective_named(word); });
    keys.add("seed", &seed, "[N, ...]", "From 2^63 on in quotation marks").checked_by(checked_seed);
    keys.add("values", &values, "LAW", "Law of the values of all features, as train --values");
    keys.add("groups", &groups, "GROUPS", "Features that are not independent, as train --groups");
    words.declare(keys, "");
    keys.add("until-unseen", &until_unseen, "P",
             "A cell makes no more starts once its best minimum was found twice and the next one "
             "would end at one not yet seen with an estimated probability of at most P")
        .within(0.0, 1.0);
    keys.add("represented-norm", &represented_norm, "R",
             "A feature counts as represented if its column is longer");
    keys.add("allow-wide", &allow_wide, "true", "Accept more hidden dimensions than features");
  }
};

// auto is one optimizer for all cells: it goes by the first objective.
void set_objectives(const PlanKeys& keys, training::SweepPlan& plan) {
  TrainingWords words = keys.words;
  words.objective = keys.objective.front();
  plan.training = to_options(words);
  plan.training.record_every = 0;
  plan.configurations = known_configurations;
  plan.objective.clear();
  std::optional<Index> order;
  for (const std::string& word : keys.objective) {
    const NamedObjective named = objective_named(word);
    plan.objective.push_back(named.kind);
    if (!named.k) continue;
    if (order.value_or(*named.k) != *named.k) {
      throw UsageError("objective: a plan has k-sparse:K for one K only");
    }
    plan.training.k = *(order = named.k);
  }
}

training::SweepPlan to_plan(const PlanKeys& keys) {
  training::SweepPlan plan;
  plan.features = keys.features;
  plan.hidden = keys.hidden;
  plan.density = keys.density;
  for (const double sparsity : keys.sparsity) plan.density.push_back(1.0 - sparsity);
  plan.importance_decay = keys.importance_decay;
  plan.seed.clear();
  for (const std::string& word : keys.seed) plan.seed.push_back(checked_seed(word));
  plan.values = as_usage([&] { return parse_value_law(keys.values); });
  plan.groups = keys.groups;
  set_objectives(keys, plan);
  plan.until_unseen = keys.until_unseen;
  plan.represented_norm = keys.represented_norm;
  plan.allow_wide = keys.allow_wide;
  if (plan.features.empty()) throw UsageError("a plan needs features = [D, ...]");
  if (plan.hidden.empty()) throw UsageError("a plan needs hidden = [d, ...]");
  if (plan.density.empty()) {
    throw UsageError("a plan needs density = [p, ...] or sparsity = [S, ...]");
  }
  as_usage([&] { validate(plan); });
  return plan;
}

}  // namespace

ReadPlan read_plan(const std::string& path, std::optional<std::uint64_t> seed) {
  PlanKeys keys;
  OptionTable table;
  keys.declare(table);
  table.apply_config(path);
  if (seed) keys.seed = {std::to_string(*seed)};
  try {
    return {to_plan(keys), table.to_toml("")};
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}: {}", path, error.what()));
  }
}

std::string plan_help() {
  PlanKeys keys;
  OptionTable table;
  keys.declare(table);
  return table.rows();
}

double represented_norm(const std::string& text) {
  return stored_option(stored_options(text), "represented-norm",
                       training::SweepPlan{}.represented_norm);
}

std::uint64_t cells_in(const nlohmann::ordered_json& plan) {
  std::uint64_t cells = 1;
  for (const char* axis :
       {"features", "hidden", "density", "sparsity", "importance-decay", "objective", "seed"}) {
    if (plan.contains(axis)) cells *= plan[axis].size();
  }
  return cells;
}

}  // namespace skeleta::program
