#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "option_table.h"
#include "skeleta/training/train.h"

namespace skeleta::program {

/// What `train` and the plans of `sweep` say alike about one training, in words and numbers.
struct TrainingWords {
  /// A row for each but the objective. `dashes` is "--" for flags, "" for the keys of a plan.
  void declare(OptionTable& options, const std::string& dashes);

  std::string objective = "exact", optimizer = "auto", init = "xavier", search = "starts";
  std::uint64_t starts = 10, steps = training::Options{}.max_steps,
                batch = training::Options{}.batch, patience = training::Options{}.patience;
  bool untied = false, no_bias = false;
  double hidden_noise = 0.0, interference = 0.0, weight_decay = 0.0;
  double coherence_cap = 1.0;
  double learning_rate = optimize::DescentOptions{}.learning_rate,
         tolerance = training::Options{}.gradient_tolerance;
};

/// An objective as it is named: "exact", "one-sparse", "k-sparse:K", "sampled" or "linear".
struct NamedObjective {
  training::ObjectiveKind kind = training::ObjectiveKind::exact;
  std::optional<Index> k;  ///< Of k-sparse.
};

/// Each throws UsageError, with the list of choices, for a word that is none of them. `init` does
/// not take a file here.
NamedObjective objective_named(const std::string& word);
training::Options to_options(const TrainingWords& words);

/// The optimizer that "auto" stands for: itself (training::OptimizerKind::automatic), but Adam for
/// a fresh batch in each step.
std::string optimizer_for(const std::string& optimizer, training::ObjectiveKind objective);

/// Roughly how many seconds of one core the descents of all starts take, from nominal costs. L-BFGS
/// ends where the gradient is small, which nobody can foresee: 0.
double nominal_seconds(const training::Options& options, const Features& features, Index hidden);

}  // namespace skeleta::program
