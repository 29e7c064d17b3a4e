#include "training_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "errors.h"

namespace skeleta::program {
namespace {

void check_word(const char* name, const std::string& word,
                const std::vector<std::string>& choices) {
  if (std::find(choices.begin(), choices.end(), word) != choices.end()) return;
  throw UsageError(fmt::format("{}: '{}' is none of {}", name, word, fmt::join(choices, ", ")));
}

}  // namespace

NamedObjective objective_named(const std::string& word) {
  using training::ObjectiveKind;
  if (word == "exact") return {ObjectiveKind::exact, {}};
  if (word == "one-sparse") return {ObjectiveKind::one_sparse, {}};
  if (word == "sampled") return {ObjectiveKind::sampled, {}};
  for (const Index k : {0, 1, 2}) {
    if (word == fmt::format("k-sparse:{}", k)) return {ObjectiveKind::k_sparse, k};
  }
  throw UsageError(
      fmt::format("objective: '{}' is none of exact, one-sparse, k-sparse:0, k-sparse:1, "
                  "k-sparse:2, sampled",
                  word));
}

std::string optimizer_for(const std::string& optimizer, training::ObjectiveKind objective) {
  if (optimizer != "auto") return optimizer;
  return objective == training::ObjectiveKind::sampled ? "adam" : "lbfgs";
}

training::Options to_options(const TrainingWords& words) {
  check_word("optimizer", words.optimizer, {"auto", "lbfgs", "adam", "adamw", "sgd"});
  check_word("init", words.init, {"xavier", "normal"});
  const NamedObjective objective = objective_named(words.objective);
  const std::string optimizer = optimizer_for(words.optimizer, objective.kind);
  training::Options options;
  options.objective = objective.kind;
  options.k = objective.k.value_or(options.k);
  options.optimizer = optimizer == "lbfgs" ? training::OptimizerKind::lbfgs
                      : optimizer == "sgd" ? training::OptimizerKind::sgd
                                           : training::OptimizerKind::adam;
  // The default of PyTorch's AdamW.
  if (optimizer == "adamw") options.descent.weight_decay = 0.01;
  options.init = words.init == "normal" ? training::Init::normal : training::Init::xavier;
  options.starts = words.starts;
  options.max_steps = words.steps;
  options.batch = words.batch;
  if (!(words.learning_rate > 0.0 && std::isfinite(words.learning_rate))) {
    throw UsageError(
        fmt::format("learning-rate {} must be a positive number", words.learning_rate));
  }
  if (!(words.tolerance >= 0.0 && std::isfinite(words.tolerance))) {
    throw UsageError(fmt::format("tolerance {} must be finite and not negative", words.tolerance));
  }
  options.descent.learning_rate = words.learning_rate;
  options.gradient_tolerance = words.tolerance;
  return options;
}

}  // namespace skeleta::program
