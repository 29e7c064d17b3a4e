#include "training_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
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
  if (word == "linear") return {ObjectiveKind::linear, {}};
  if (const std::string prefix = "k-sparse:"; word.starts_with(prefix)) {
    Index k = -1;
    const char* const end = word.data() + word.size();
    const auto [last, error] = std::from_chars(word.data() + prefix.size(), end, k);
    if (error == std::errc() && last == end && k >= 0) return {ObjectiveKind::k_sparse, k};
    throw UsageError(
        fmt::format("objective: '{}' needs a number K of active features, 0, 1, 2, ...: "
                    "k-sparse:K",
                    word));
  }
  throw UsageError(
      fmt::format("objective: '{}' is none of exact, one-sparse, k-sparse:K (K = 0, 1, 2, ...), "
                  "sampled, linear",
                  word));
}

std::string optimizer_for(const std::string& optimizer, training::ObjectiveKind objective) {
  if (optimizer != "auto") return optimizer;
  return objective == training::ObjectiveKind::sampled ? "adam" : "lbfgs";
}

double nominal_seconds(const training::Options& options, const Features& features, Index hidden) {
  if (options.optimizer == training::OptimizerKind::lbfgs) return 0.0;
  const auto D = static_cast<double>(features.size()), d = static_cast<double>(hidden);
  const auto nanoseconds = [&] {
    switch (options.objective) {
      case training::ObjectiveKind::sampled:
        return static_cast<double>(options.batch) * (50.0 + D * (1.0 + features.density.sum()));
      case training::ObjectiveKind::exact:
        return 1000.0 * D * D;  // some thousand nodes
      case training::ObjectiveKind::k_sparse:
        return options.k > 1 ? 10.0 * D * D * D : D * D * (10.0 + d);
      default:
        return D * D * (10.0 + d);
    }
  };
  return 1e-9 * nanoseconds() * static_cast<double>(options.starts) *
         static_cast<double>(options.max_steps);
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
