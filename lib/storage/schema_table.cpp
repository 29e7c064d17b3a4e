#include "storage/schema_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "storage/ranges.h"
#include "storage/result_entries.h"

namespace skeleta::storage {

std::string to_string(Element element) {
  switch (element) {
    case Element::float64:
      return "float64";
    case Element::int64:
      return "int64";
    case Element::int8:
      return "int8";
  }
  throw std::logic_error("unknown Element");
}

std::string to_string(const Range& range) {
  constexpr double largest = std::numeric_limits<double>::max();
  std::string text;
  if (range.low >= -1.0 && range.high < largest) {
    text = fmt::format("from {:g} to {:g}", range.low, range.high);
  } else if (range.low >= -1.0) {
    text = fmt::format("at least {:g}", range.low);
  }
  if (range.high == largest) text += text.empty() ? "finite" : ", finite";
  if (text.empty()) return range.missing ? "" : "a number";
  return text + (range.missing ? ", or NaN" : "");
}

const std::vector<AttributeEntry>& attribute_entries() {
  static const std::vector<AttributeEntry> entries{
      {"filetype", "string", "which command wrote the file"},
      {"version", "int32[2]", "of the layout, major and minor; readers refuse another major"},
      {"skeleta_version", "string", "of the program"},
      {"git_sha1", "string", "commit of the program's sources, or `unknown`"},
      {"compiler", "string", "that built the program"},
      {"build", "string", "build type and vector instructions"},
      {"libraries", "string", "that the program was built with"},
      {"created_at", "string", "ISO 8601, UTC"},
      {"command_line", "string", "as it was typed"},
      {"options", "string", "all options, defaults included, as TOML"},
      {"seed", "uint64", "of the random numbers"},
      {"seed_hex", "string", "the seed again, as `0x` and 16 digits, for readers without 64 bits"},
      {"threads", "int32", "number of threads; the results don't depend on it"},
      {"Conventions", "string", "of units, names and flags"},
  };
  return entries;
}

const std::vector<DatasetEntry>& dataset_entries() {
  using enum Element;
  constexpr const char* since_1_1 = "since 1.1";
  constexpr const char* since_1_2 = "since 1.2";
  constexpr const char* if_sampled = "since 1.2, if the loss was sampled";
  constexpr const char* trained = "since 1.3, in training files";
  constexpr const char* if_found = "since 1.3, if a start met the tolerance";
  constexpr const char* if_recorded = "since 1.3, if a start was long enough to be recorded";
  constexpr const char* if_snapshots = "since 1.3, with --snapshots";
  constexpr const char* swept = "since 1.3, in sweep files";
  constexpr const char* if_minima = "since 1.3, in sweep files with a finite loss";
  constexpr const char* if_controlled = "since 1.2, if control variates were subtracted";
  static const std::vector<DatasetEntry> entries = [] {
    std::vector<DatasetEntry> all{
        {"/model", "instance", int64, {"instance"}, "number of the instance in the model file"},
        {"/model", "hidden", int64, {"hidden"}, "hidden dimension"},
        {"/model", "feature", int64, {"feature"}, "feature"},
        {"/model", "W", float64, {"instance", "hidden", "feature"}, "weights of ReLU(WᵀWx − b)"},
        {"/model", "b", float64, {"instance", "feature"}, "thresholds, subtracted before the ReLU"},

        {"/data", "feature", int64, {"feature"}, "feature"},
        {"/data", "density", float64, {"feature"}, "probability that the feature is active"},
        {"/data", "importance", float64, {"feature"}, "weight of the feature's squared error"},

        {"/loss", "instance", int64, {"instance"}, "number of the instance in the model file"},
        {"/loss", "l", int64, {"l"}, "number of active features: the skeleton Q_l"},
        {"/loss", "method", int8, {"instance"}, "how the loss was computed"},
        {"/loss",
         "kernel",
         int8,
         {"instance"},
         "how Gx was formed: from G, or through the hidden layer"},
        {"/loss", "value", float64, {"instance"}, "integral loss, summed over the features"},
        {"/loss", "value_standard_error", float64, {"instance"}, "standard error of value"},
        {"/loss",
         "confidence",
         float64,
         {"instance"},
         "confidence of the interval [low, high]; NaN, as are these, if the error is an estimate"},
        {"/loss", "low", float64, {"instance"}, "lower end of the interval of value"},
        {"/loss", "high", float64, {"instance"}, "upper end of the interval, error_bound included"},
        {"/loss",
         "error_bound",
         float64,
         {"instance"},
         "bound on what was not evaluated or not exact"},
        {"/loss", "value_samples", int64, {"instance"}, "number of samples; 0 if exact"},
        {"/loss", "non_finite", int64, {"instance"}, "samples that were NaN or Inf, left out"},
        {"/loss", "stop_reason", int8, {"instance"}, "why the computation ended"},
        {"/loss", "seconds", float64, {"instance"}, "wall time of the numerics", "always", "s"},
        {"/loss", "skewness", float64, {"instance"}, "of the sampling error", since_1_2},
        {"/loss", "kurtosis", float64, {"instance"}, "excess, of the sampling error", since_1_2},
        {"/loss",
         "effective_samples",
         float64,
         {"instance"},
         "unweighted samples worth as much as the weighted ones",
         since_1_2},
        {"/loss",
         "variance_ratio",
         float64,
         {"instance"},
         "foreseen variance with control variates over that without; 1 without any",
         since_1_2},
        {"/loss",
         "probability",
         float64,
         {"instance", "l"},
         "P(N = l), exact; NaN where this instance did not evaluate Q_l"},
        {"/loss", "mean", float64, {"instance", "l"}, "mean loss on Q_l; NaN if never sampled"},
        {"/loss", "contribution", float64, {"instance", "l"}, "probability times mean"},
        {"/loss", "standard_error", float64, {"instance", "l"}, "standard error of contribution"},
        {"/loss", "samples", int64, {"instance", "l"}, "number of samples on Q_l; 0 if exact"},

        {"/tail", "instance", int64, {"instance"}, "number of the instance in the model file"},
        {"/tail", "one_sparse_contribution", float64, {"instance"}, "loss on Q_0 and Q_1"},
        {"/tail", "one_sparse_share", float64, {"instance"}, "its share of the whole loss"},
        {"/tail", "rest", float64, {"instance"}, "loss on Q_2 and beyond"},
        {"/tail", "rest_standard_error", float64, {"instance"}, "standard error of rest"},
        {"/tail", "rest_bound", float64, {"instance"}, "rigorous upper bound of rest"},
        {"/tail", "probability_of_rest", float64, {"instance"}, "P(N >= 2), exact"},
        {"/tail", "union_bound", float64, {"instance"}, "union bound of probability_of_rest"},
        {"/tail", "chernoff_bound", float64, {"instance"}, "Chernoff bound of probability_of_rest"},

        {"/state",
         "stratum",
         int64,
         {"stratum"},
         "skeletons that are sampled together",
         if_sampled},
        {"/state", "replicate", int64, {"replicate"}, "randomisation of the points", if_sampled},
        {"/state", "entry", int64, {"entry"}, "place in the flat statistics", if_sampled},
        {"/state",
         "run",
         int64,
         {"stratum"},
         "place of the stratum's run along instance",
         if_sampled},
        {"/state",
         "planned",
         float64,
         {"stratum"},
         "samples in all that the stratum's run was going for",
         if_sampled},
        {"/state", "first", int64, {"stratum"}, "first skeleton of the stratum", if_sampled},
        {"/state", "last", int64, {"stratum"}, "last skeleton of the stratum", if_sampled},
        {"/state", "non_finite", int64, {"stratum"}, "samples left out of moments", if_sampled},
        {"/state",
         "chunks",
         int64,
         {"stratum", "replicate"},
         "complete chunks of samples; -1 beyond the stratum's last replicate",
         if_sampled},
        {"/state",
         "end",
         int64,
         {"stratum", "replicate"},
         "samples of the incomplete chunk after them, which moments lack; -1 likewise",
         if_sampled},
        {"/state",
         "moments",
         float64,
         {"stratum", "entry"},
         "of each skeleton or replicate: count, mean, sums of the 2nd, 3rd, 4th powers of the "
         "deviations, of each output; NaN beyond the last",
         if_sampled},
        {"/state", "control", int64, {"control"}, "control variate", if_controlled},
        {"/state",
         "coefficients",
         float64,
         {"stratum", "control"},
         "of the control variates, then which outputs are not sampled, if any; NaN where the "
         "stratum has none",
         if_controlled},

        {"/geometry",
         "instance",
         int64,
         {"instance"},
         "number of the instance in the model file",
         since_1_1},
        {"/geometry", "feature", int64, {"feature"}, "feature", since_1_1},
        {"/geometry",
         "polytope",
         int8,
         {"polytope"},
         "polytopes that columns are known to form",
         since_1_1},
        {"/geometry",
         "polytope_dimensionality",
         float64,
         {"polytope"},
         "dimensionality of each vertex of the polytope",
         since_1_1},
        {"/geometry",
         "norm",
         float64,
         {"instance", "feature"},
         "length of the column w_i of W",
         since_1_1},
        {"/geometry",
         "dimensionality",
         float64,
         {"instance", "feature"},
         "feature dimensionality, norm² over the sum of the squared inner products of w_i/norm "
         "with "
         "all columns",
         since_1_1},
        {"/geometry",
         "represented",
         int64,
         {"instance"},
         "number of columns of at least a tenth of the longest one, between which coherence is "
         "taken",
         since_1_1},
        {"/geometry",
         "coherence_signed",
         float64,
         {"instance"},
         "largest cosine between two columns; NaN for fewer than two",
         since_1_1},
        {"/geometry",
         "coherence_absolute",
         float64,
         {"instance"},
         "largest absolute cosine between two columns",
         since_1_1},
        {"/geometry",
         "signed_bound",
         float64,
         {"instance"},
         "simplex or orthoplex bound: coherence_signed is never below it",
         since_1_1},
        {"/geometry",
         "welch_bound",
         float64,
         {"instance"},
         "Welch bound: coherence_absolute is never below it",
         since_1_1},
        {"/geometry",
         "orthoplex_bound",
         float64,
         {"instance"},
         "orthoplex bound of lines: coherence_absolute is never below it; 0 where it does not hold",
         since_1_1},
        {"/geometry",
         "dimensions_per_feature",
         float64,
         {"instance"},
         "hidden dimensions over the squared Frobenius norm of W",
         since_1_1},
        {"/geometry",
         "distance_to_first",
         float64,
         {"instance"},
         "root-mean-square distance of the columns to those of the first instance, after the best "
         "turn, reflection and relabelling that were found",
         since_1_1},

        {"/training",
         "start",
         int64,
         {"start"},
         "number of the start; the order is that of /model: best loss first",
         trained},
        {"/training", "feature", int64, {"feature"}, "feature", trained},
        {"/training",
         "loss",
         float64,
         {"start"},
         "integral loss at the end, whatever was minimised; NaN if it diverged",
         trained},
        {"/training",
         "error_bound",
         float64,
         {"start"},
         "rigorous bound of the error of loss",
         trained},
        {"/training",
         "gradient_norm",
         float64,
         {"start"},
         "Euclidean norm of the gradient of loss",
         trained},
        {"/training", "stop_reason", int8, {"start"}, "why the start ended", trained},
        {"/training", "steps", int64, {"start"}, "steps of the optimizer", trained},
        {"/training", "evaluations", int64, {"start"}, "evaluations of the objective", trained},
        {"/training",
         "objective_value",
         float64,
         {"start"},
         "last value of what was minimised",
         trained},
        {"/training",
         "objective_gradient_norm",
         float64,
         {"start"},
         "norm of its gradient",
         trained},
        {"/training",
         "unmet",
         int64,
         {"start"},
         "evaluations that did not meet their error target",
         trained},
        {"/training", "minimum", int64, {"minimum"}, "distinct minimum, best first", if_found},
        {"/training",
         "minimum_of",
         int64,
         {"start"},
         "the minimum that the start ended in; -1 if it diverged or ended before the tolerance was "
         "met",
         if_found},
        {"/training",
         "minimum_loss",
         float64,
         {"minimum"},
         "least loss of the starts that ended there",
         if_found},
        {"/training", "count", int64, {"minimum"}, "number of starts that ended there", if_found},
        {"/training", "rank", int64, {"minimum"}, "rank of W", if_found},
        {"/training", "norm", float64, {"minimum"}, "squared Frobenius norm of W", if_found},
        {"/training",
         "best_start",
         int64,
         {"minimum"},
         "number of the start that has minimum_loss",
         if_found},
        {"/training",
         "feature_dimensionality",
         float64,
         {"minimum", "feature"},
         "feature dimensionalities of best_start in falling order: the axis is not the feature",
         if_found},
        {"/training", "step", int64, {"step"}, "number of the step", if_recorded},
        {"/training", "recorded", int64, {"start"}, "number of recorded steps", if_recorded},
        {"/training",
         "trajectory",
         float64,
         {"start", "step"},
         "the objective at the step; NaN after the last recorded one",
         if_recorded},
        {"/training", "hidden", int64, {"hidden"}, "hidden dimension", if_snapshots},
        {"/training",
         "snapshot_w",
         float64,
         {"start", "step", "hidden", "feature"},
         "W after the step; NaN likewise",
         if_snapshots},
        {"/training",
         "snapshot_b",
         float64,
         {"start", "step", "feature"},
         "b after the step; NaN likewise",
         if_snapshots},

        {"/sweep", "cell", int64, {"cell"}, "number of the cell in the grid", swept},
        {"/sweep", "features", int64, {"cell"}, "number of features D", swept},
        {"/sweep", "hidden", int64, {"cell"}, "hidden dimensions d", swept},
        {"/sweep", "density", float64, {"cell"}, "probability that a feature is active", swept},
        {"/sweep",
         "importance_decay",
         float64,
         {"cell"},
         "r: the importance of feature i is r^i",
         swept},
        {"/sweep", "objective", int8, {"cell"}, "what was minimised", swept},
        {"/sweep", "seed", int64, {"cell"}, "of the random numbers", swept},
        {"/sweep",
         "loss",
         float64,
         {"cell"},
         "least integral loss of all starts, whatever was minimised; NaN if all diverged",
         swept},
        {"/sweep", "error_bound", float64, {"cell"}, "rigorous bound of the error of loss", swept},
        {"/sweep",
         "gradient_norm",
         float64,
         {"cell"},
         "Euclidean norm of the gradient of loss",
         swept},
        {"/sweep", "best_start", int64, {"cell"}, "number of the start that has loss", swept},
        {"/sweep", "stop_reason", int8, {"cell"}, "why that start ended", swept},
        {"/sweep", "failed", int64, {"cell"}, "number of starts that diverged", swept},
        {"/sweep",
         "represented",
         int64,
         {"cell"},
         "number of features whose |w_i| exceeds represented-norm",
         swept},
        {"/sweep",
         "dimensions_per_feature",
         float64,
         {"cell"},
         "D* = d over the squared Frobenius norm of W",
         swept},
        {"/sweep", "dimension", int64, {"dimension"}, "hidden dimension", swept},
        {"/sweep", "feature", int64, {"feature"}, "feature", swept},
        {"/sweep",
         "dimensionality",
         float64,
         {"cell", "feature"},
         "feature dimensionality; NaN beyond the cell's features",
         swept},
        {"/sweep",
         "W",
         float64,
         {"cell", "dimension", "feature"},
         "weights of the best start; NaN beyond the cell's sizes",
         swept},
        {"/sweep", "b", float64, {"cell", "feature"}, "thresholds likewise", swept},
        {"/sweep",
         "minimum",
         int64,
         {"minimum"},
         "distinct minimum of a cell, best first",
         if_minima},
        {"/sweep",
         "minimum_loss",
         float64,
         {"cell", "minimum"},
         "its loss; NaN beyond the cell's last",
         if_minima},
        {"/sweep",
         "minimum_count",
         int64,
         {"cell", "minimum"},
         "number of starts that ended there; 0 beyond",
         if_minima},
        {"/sweep", "minimum_rank", int64, {"cell", "minimum"}, "rank of W; 0 beyond", if_minima},
    };
    const std::vector<DatasetEntry> results = result_entries();
    all.insert(all.end(), results.begin(), results.end());
    set_ranges(all);
    return all;
  }();
  return entries;
}

const DatasetEntry& dataset_entry(std::string_view path) {
  const auto& entries = dataset_entries();
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const DatasetEntry& entry) { return entry.path() == path; });
  if (found == entries.end()) {
    throw std::logic_error(fmt::format("the schema table has no dataset {}", path));
  }
  return *found;
}

void check_shape(const DatasetEntry& entry, const std::vector<std::size_t>& shape,
                 const std::vector<std::size_t>& axis_lengths) {
  if (shape.size() == entry.axes.size() && shape == axis_lengths) return;
  throw std::logic_error(fmt::format("{} has shape [{}], but its axes [{}] have [{}]", entry.path(),
                                     fmt::join(shape, ", "), fmt::join(entry.axes, ", "),
                                     fmt::join(axis_lengths, ", ")));
}

void check_attribute(std::string_view name, std::string_view type) {
  for (const AttributeEntry& entry : attribute_entries()) {
    if (entry.name == name && entry.type == type) return;
  }
  throw std::logic_error(fmt::format("the schema table has no attribute {} {}", type, name));
}

}  // namespace skeleta::storage
