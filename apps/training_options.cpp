#include "training_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "errors.h"

namespace skeleta::program {
namespace {

const std::vector<std::string> optimizers{"auto", "lbfgs", "newton", "adam", "adamw", "sgd"};

void check_number(const char* name, double value, bool may_vanish) {
  if (std::isfinite(value) && (value > 0.0 || (may_vanish && value == 0.0))) return;
  throw UsageError(fmt::format("{} {} must be {}", name, value,
                               may_vanish ? "finite and not negative" : "a positive number"));
}

}  // namespace

void TrainingWords::declare(OptionTable& options, const std::string& dashes) {
  options
      .add(dashes + "optimizer", &optimizer, "NAME",
           "lbfgs, newton, adam, adamw, sgd, or auto: adam if sampled, else lbfgs; where second "
           "derivatives are known ends are judged and saddles left, and newton takes over from 64 "
           "features on if exact")
      .one_of(optimizers);
  options.add(dashes + "starts", &starts, "N", "Start so many times").may_change();
  options.add(
      dashes + "init", &init, dashes.empty() ? "NAME" : "xavier|normal|MODEL.h5",
      dashes.empty()
          ? "xavier: normal weights of variance 2/(d + D). normal: of variance 1"
          : "xavier: normal weights of variance 2/(d + D). normal: of variance 1. Or a model "
            "file, whose first model all starts begin from");
  options.add(dashes + "untied", &untied, dashes.empty() ? "true" : "",
              "A decoder W_out of its own: x -> ReLU(W_out W x - b)");
  options.add(dashes + "no-bias", &no_bias, dashes.empty() ? "true" : "", "Thresholds stay 0");
  options
      .add(dashes + "hidden-noise", &hidden_noise, "S",
           "Normal noise of this standard deviation in each hidden dimension")
      .within(0.0);
  options
      .add(dashes + "interference", &interference, "L",
           "The objective has L times the sum of <w_i, w_j>^2 over i != j added")
      .within(0.0);
  options
      .add(dashes + "weight-decay", &weight_decay, "L",
           "The objective has L times the sum of squares of all weights added")
      .within(0.0);
  options.add(
      dashes + "coherence-cap", &coherence_cap, "C",
      "No |cosine| of two columns of W is larger (by more than 1e-8), columns of 0 left out: "
      "within (0, 1], 1 is no constraint; with auto or lbfgs");
  options
      .add(dashes + "search", &search, "HOW",
           "starts: one descent from each start. hopping: from each start a walk over minima, by "
           "moves of features (exchange, drop, revive, pair, merge, known configurations), each "
           "followed by a descent")
      .one_of(names<training::Search>());
  options.add(dashes + "patience", &patience, "N",
              "hopping: a walk ends after so many hops in a row that lead no lower");
  options.add(dashes + "steps", &steps, "N", "Most steps of a start");
  options.add(dashes + "batch", &batch, "N", "sampled: points of a batch");
  options.add(dashes + "learning-rate", &learning_rate, "R", "adam, adamw, sgd: step size");
  options.add(
      dashes + "tolerance", &tolerance, "T",
      "A start ends when the gradient's norm is at most this times the loss of a model that "
      "answers 0, sum of v p/3");
}

NamedObjective objective_named(const std::string& word) {
  using training::ObjectiveKind;
  const auto kind = named<ObjectiveKind>(word);
  if (kind && kind != ObjectiveKind::k_sparse) return {*kind, {}};
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
  return objective == training::ObjectiveKind::sampled ? "adam" : "auto";
}

double nominal_seconds(const training::Options& options, const Features& features, Index hidden) {
  if (options.optimizer != training::OptimizerKind::adam &&
      options.optimizer != training::OptimizerKind::sgd) {
    return 0.0;
  }
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
  const auto init = named<training::Init>(words.init);
  if (!init || init == training::Init::given) {
    throw UsageError(fmt::format("init: '{}' is none of xavier, normal", words.init));
  }
  const NamedObjective objective = objective_named(words.objective);
  const std::string optimizer = optimizer_for(words.optimizer, objective.kind);
  training::Options options;
  options.objective = objective.kind;
  options.k = objective.k.value_or(options.k);
  options.optimizer =  // adamw is adam with a decay
      named<training::OptimizerKind>(optimizer).value_or(training::OptimizerKind::adam);
  // The default of PyTorch's AdamW.
  if (optimizer == "adamw") options.descent.weight_decay = 0.01;
  options.init = *init;
  options.untied = words.untied;
  options.thresholds = !words.no_bias;
  options.hidden_noise = words.hidden_noise;
  options.penalty = {words.interference, words.weight_decay};
  options.coherence_cap = words.coherence_cap;
  options.search = *named<training::Search>(words.search);
  options.patience = words.patience;
  options.starts = words.starts;
  options.max_steps = words.steps;
  options.batch = words.batch;
  check_number("learning-rate", words.learning_rate, false);
  check_number("tolerance", words.tolerance, true);
  options.descent.learning_rate = words.learning_rate;
  options.gradient_tolerance = words.tolerance;
  return options;
}

}  // namespace skeleta::program
