#include <fmt/format.h>

#include <map>

#include "skeleta/storage/dictionary_file.h"

#include <cmath>

#include "skeleta/measure/histogram.h"
#include "storage/fields.h"

namespace skeleta::storage {
namespace {

constexpr const char* group = "/dictionary";
constexpr const char* present = "since 1.9, in files of dictionary";
constexpr const char* with_comparison = "since 1.10, in files of dictionary unless --compare 0";

// Along [dictionary], of which there is one.
const Fields<DictionarySummary>& summary_fields() {
  using Summary = DictionarySummary;
  static const auto fields = block<Summary>(
      group, present,
      {
          {axis("dictionary", "there is one")},
          {whole("features", "dictionary", "number of features D").from(1), &Summary::features},
          {whole("hidden", "dictionary", "hidden dimensions d").from(1), &Summary::hidden},
          {whole("done", "dictionary",
                 "so many features have figures: the first ones, but for a shard"),
           &Summary::done},
          {magnitude("loss", "dictionary", "of the features done, with importances"),
           &Summary::loss},
          {magnitude("error_bound", "dictionary", "of that loss")
               .cites("mathematics.md, Theorem 3.7"),
           &Summary::error_bound},
          {magnitude("mean_active", "dictionary", "expected number of active features"),
           &Summary::mean_active},
          {magnitude("welch_bound", "dictionary",
                     "least largest |cosine| of D directions in d dimensions")
               .cites("mathematics.md, Proposition 7.5"),
           &Summary::welch_bound},
      },
      "[].");
  return fields;
}

// Likewise, of what was compared.
const Fields<DictionarySummary>& comparison_fields() {
  using Summary = DictionarySummary;
  static const auto fields = block<Summary>(
      group, with_comparison,
      {
          {magnitude("random_loss", "dictionary",
                     "of all features among random directions, estimated from those compared")
               .as("random.loss"),
           &Summary::random_loss},
          {magnitude("random_standard_error", "dictionary",
                     "of that, from the choice of the features compared")
               .as("random.standard_error"),
           &Summary::random_standard_error},
          {magnitude("largest_cosine", "dictionary",
                     "largest |cosine| of a compared feature with another one"),
           &Summary::largest_cosine},
          {magnitude("random_largest_cosine", "dictionary", "the same of random directions")
               .as("random.largest_cosine"),
           &Summary::random_largest_cosine},
      },
      "[].");
  return fields;
}

// Along [compared].
const Fields<ComparedOutput>& compared_fields() {
  using Output = ComparedOutput;
  static const auto fields = block<Output>(
      group, with_comparison,
      {
          {axis("compared",
                "feature whose output is compared with the same one among random directions of "
                "the same length, density and threshold")
               .as("feature"),
           &Output::feature},
          {magnitude("weight", "compared", "number of features that it stands for"),
           &Output::weight},
          {real("compared_density", "compared", "probability that the feature is active")
               .from(0, 1)
               .as("density"),
           &Output::density},
          {magnitude("nearest_cosine", "compared",
                     "largest |cosine| of its direction with another feature's"),
           &Output::nearest_cosine},
          {magnitude("random_nearest_cosine", "compared", "the same of random directions")
               .as("random.nearest_cosine"),
           &Output::random_nearest_cosine},
          {real("random_threshold", "compared", "as threshold, among random directions")
               .as("random.threshold"),
           &Output::random, &FeatureFigures::threshold},
          {magnitude("random_feature_loss", "compared", "as feature_loss, likewise")
               .as("random.loss"),
           &Output::random, &FeatureFigures::loss},
          {magnitude("random_interference_variance", "compared", "likewise")
               .as("random.interference_variance"),
           &Output::random, &FeatureFigures::interference_variance},
          {real("random_false_activation", "compared", "likewise")
               .from(0, 1)
               .or_nan()
               .as("random.false_activation"),
           &Output::random, &FeatureFigures::false_activation},
          {real("random_recall", "compared", "likewise").from(0, 1).or_nan().as("random.recall"),
           &Output::random, &FeatureFigures::recall},
          {real("random_precision", "compared", "likewise")
               .from(0, 1)
               .or_nan()
               .as("random.precision"),
           &Output::random, &FeatureFigures::precision},
      },
      "compared[].");
  return fields;
}

// Along [quantity].
const Fields<DictionaryHistogram>& histogram_fields() {
  using Histogram = DictionaryHistogram;
  static const auto fields = block<Histogram>(
      group, "since 1.10, in files of dictionary",
      {
          {word("quantity", "quantity", "what the histogram is of; relative_loss is loss / E x^2"),
           &Histogram::quantity},
          {axis("edge", "edge of a bin")},
          {axis("bin", "bin, from its edge to the next")},
          {whole("logarithmic", "quantity", "1 if the bins have equal ratios, 0 if equal widths")
               .from(0, 1),
           &Histogram::logarithmic},
          {real("bin_edge", "quantity edge", "edges of the bins").finite(), &Histogram::edge},
          {whole("bin_count", "quantity bin", "number of features done in the bin"),
           &Histogram::count},
          {whole("without", "quantity", "number of features done without such a number"),
           &Histogram::without},
      },
      "histograms[].");
  return fields;
}

const Fields<DictionaryHistogram>& random_histogram_fields() {
  static const auto fields = block<DictionaryHistogram>(
      group, with_comparison,
      {
          {magnitude("random_bin_share", "quantity bin",
                     "share of the features in the bin among random directions, estimated from "
                     "those compared")
               .as("random_share"),
           &DictionaryHistogram::random_share},
      },
      "histograms[].");
  return fields;
}

// Along [feature].
const Fields<DictionaryFeature>& feature_fields() {
  using Feature = DictionaryFeature;
  static const auto fields = joined(
      block<Feature>(
          group, present,
          {
              {axis("feature", "feature, and its output"), &Feature::feature},
              {real("density", "feature", "probability that it is active").from(0, 1),
               &Feature::density},
              {magnitude("importance", "feature", "weight of its loss"), &Feature::importance},
              {real("threshold", "feature", "subtracted before the ReLU"), &Feature::figures,
               &FeatureFigures::threshold},
              {magnitude("feature_loss", "feature",
                         "expected square of its error, without importance")
                   .as("loss"),
               &Feature::figures, &FeatureFigures::loss},
              {magnitude("feature_error_bound", "feature", "of that")
                   .cites("mathematics.md, Theorem 3.7")
                   .as("error_bound"),
               &Feature::figures, &FeatureFigures::error_bound},
              {real("interference_mean", "feature", "mean of what the others add to its output"),
               &Feature::figures, &FeatureFigures::interference_mean},
              {magnitude("interference_variance", "feature", "variance of that"), &Feature::figures,
               &FeatureFigures::interference_variance},
              {real("false_activation", "feature",
                    "probability that its output is active and it is not")
                   .from(0, 1)
                   .or_nan(),
               &Feature::figures, &FeatureFigures::false_activation},
              {real("recall", "feature", "probability that its output is active if it is")
                   .from(0, 1)
                   .or_nan(),
               &Feature::figures, &FeatureFigures::recall},
              {real("precision", "feature",
                    "probability that it is active if its output is; NaN if that never is")
                   .from(0, 1)
                   .or_nan(),
               &Feature::figures, &FeatureFigures::precision},
              {magnitude("detection_error", "feature", "estimated, of false_activation"),
               &Feature::figures, &FeatureFigures::detection_error},
              {whole("nodes", "feature", "on its contour"), &Feature::figures,
               &FeatureFigures::nodes},
              {whole("met_target", "feature", "1 if its loss is as precise as was asked")
                   .from(0, 1),
               &Feature::figures, &FeatureFigures::met_target},
          },
          "outputs[]."),
      block<Feature>(group, "since 1.9, in files of dictionary unless --neighbours 0",
                     {
                         {axis("neighbour", "place among those that disturb it most")},
                         {whole("neighbour_feature", "feature neighbour",
                                "which feature disturbs it; -1 if there is none")
                              .from(-1),
                          &Feature::neighbour_feature},
                         {magnitude("neighbour_share", "feature neighbour",
                                    "its part of the interference's variance"),
                          &Feature::neighbour_share},
                     },
                     "outputs[]."));
  return fields;
}

// A figure, and its values over a list of outputs.
struct Quantity {
  const char* name;
  double (*of)(const FeatureFigures& figures, double density);
};

constexpr Quantity quantities[] = {
    {"relative_loss",
     [](const FeatureFigures& f, double p) { return p > 0.0 ? 3.0 * f.loss / p : nan; }},
    {"interference_deviation",
     [](const FeatureFigures& f, double) { return std::sqrt(f.interference_variance); }},
    {"false_activation", [](const FeatureFigures& f, double) { return f.false_activation; }},
    {"recall", [](const FeatureFigures& f, double) { return f.recall; }},
    {"precision", [](const FeatureFigures& f, double) { return f.precision; }},
};

DictionaryHistogram histogram_of(const DictionaryRun& run, const Quantity& quantity) {
  constexpr std::size_t bins = 40;
  std::vector<double> values, random, weights;
  for (const DictionaryFeature& f : run.features) {
    values.push_back(quantity.of(f.figures, f.density));
  }
  for (const ComparedOutput& output : run.compared) {
    random.push_back(quantity.of(output.random, output.density));
    weights.push_back(output.weight);
  }
  std::vector<double> all = values;
  all.insert(all.end(), random.begin(), random.end());
  const Bins chosen = bins_of(all, bins);
  DictionaryHistogram result{quantity.name, chosen.logarithmic, chosen.edges};
  result.without = static_cast<std::int64_t>(values.size());
  for (const double n : histogram(chosen, values)) {
    result.count.push_back(static_cast<std::int64_t>(n));
    result.without -= result.count.back();
  }
  if (run.compared.empty()) return result;
  double total = 0.0;
  for (const double w : weights) total += w;
  result.random_share = histogram(chosen, random, weights);
  for (double& share : result.random_share) share /= total;
  return result;
}

// Along [piece].
const Fields<DictionaryPart>& piece_fields() {
  using Part = DictionaryPart;
  static const auto fields = block<Part>(
      group, "since 1.10, in files of dictionary with --skeletons and --shard",
      {
          {axis("piece", "features from 512 times it on, 512 or the last ones"), &Part::piece},
          {real("part_by_count", "piece l", "its part of by_count"), &Part::by_count},
      });
  return fields;
}

}  // namespace

std::vector<DictionaryHistogram> histograms(const DictionaryRun& run) {
  std::vector<DictionaryHistogram> all;
  for (const Quantity& quantity : quantities) all.push_back(histogram_of(run, quantity));
  return all;
}

void DictionaryRun::add(std::vector<DictionaryFeature> piece, const Vector& part) {
  for (DictionaryFeature& feature : piece) {
    summary.loss += feature.importance * feature.figures.loss;
    summary.error_bound += feature.importance * feature.figures.error_bound;
    features.push_back(std::move(feature));
  }
  summary.done = static_cast<std::int64_t>(features.size());
  by_count += part;
}

Rows dictionary_rows() {
  return rows_of(summary_fields(), comparison_fields(), feature_fields(),
                 block(group, "since 1.10, in files of dictionary with --names",
                       {
                           axis("byte", "byte of a text"),
                           text("name", "feature byte", "name of the feature").as("outputs[].name"),
                       },
                       ""),
                 block(group, "since 1.9, in files of dictionary with --skeletons",
                       {
                           axis("l", "number of active features"),
                           real("by_count", "l", "part of the loss with l features active"),
                       },
                       ""),
                 compared_fields(), histogram_fields(), random_histogram_fields(), piece_fields());
}

Results dictionary_results(const DictionaryRun& run) {
  Results results;
  put(results, summary_fields(), {run.summary});
  put(results, feature_fields(), run.features);
  if (!run.names.empty()) {
    std::vector<std::string> names;
    for (const DictionaryFeature& f : run.features) {
      names.push_back(run.names[static_cast<std::size_t>(f.feature)]);
    }
    results.add_texts("/dictionary/name", names);
  }
  if (run.by_count.size() > 0) results.add("/dictionary/by_count", run.by_count);
  put(results, piece_fields(), run.parts);
  const std::vector<DictionaryHistogram> distributions = histograms(run);
  put(results, histogram_fields(), distributions);
  if (run.compared.empty()) return results;
  put(results, comparison_fields(), {run.summary});
  put(results, compared_fields(), run.compared);
  put(results, random_histogram_fields(), distributions);
  return results;
}

DictionaryRun dictionary_run(const ResultFile& file) {
  DictionaryRun run;
  std::vector<DictionarySummary> summary(1);
  get(file, summary_fields(), summary);
  get(file, comparison_fields(), summary);
  run.summary = summary.front();
  run.features.resize(static_cast<std::size_t>(run.summary.done));
  get(file, feature_fields(), run.features);
  for (const DictionaryFeature& f : run.features) {
    if (f.feature >= 0 && f.feature < run.summary.features) continue;
    file.refuse(
        fmt::format("/dictionary/feature has {}, of {} features", f.feature, run.summary.features));
  }
  if (const ResultDataset* outputs = file.find("/dictionary/compared")) {
    run.compared.resize(outputs->shape.front());
    get(file, compared_fields(), run.compared);
  }
  if (const ResultDataset* names = file.find("/dictionary/name")) {
    run.names.resize(static_cast<std::size_t>(run.summary.features));
    for (std::size_t k = 0; k < run.features.size(); ++k) {
      run.names.at(static_cast<std::size_t>(run.features[k].feature)) = names->text(k);
    }
  }
  if (const ResultDataset* parts = file.find("/dictionary/by_count")) {
    const auto& values = std::get<std::vector<double>>(parts->values);
    run.by_count = Eigen::Map<const Vector>(values.data(), static_cast<Index>(values.size()));
  }
  if (const ResultDataset* pieces = file.find("/dictionary/piece")) {
    run.parts.resize(pieces->shape.front());
    get(file, piece_fields(), run.parts);
  }
  return run;
}

DictionaryRun merged_dictionary(const std::vector<ResultFile>& shards) {
  DictionaryRun whole;
  std::map<std::int64_t, std::vector<DictionaryFeature>> pieces;
  std::map<std::int64_t, Vector> parts;
  for (const ResultFile& file : shards) {
    DictionaryRun shard = dictionary_run(file);
    if (!shard.names.empty()) whole.names.resize(shard.names.size());
    for (DictionaryFeature& feature : shard.features) {
      const auto i = static_cast<std::size_t>(feature.feature);
      if (i < shard.names.size()) whole.names[i] = std::move(shard.names[i]);
      pieces[feature.feature / dictionary_piece].push_back(std::move(feature));
    }
    for (DictionaryPart& part : shard.parts) parts[part.piece] = std::move(part.by_count);
    whole.summary = shard.summary;
    whole.compared = std::move(shard.compared);  // the same of each
    whole.by_count = Vector::Zero(shard.by_count.size());
  }
  whole.summary.loss = whole.summary.error_bound = 0.0;
  for (auto& [number, features] : pieces) {
    const auto part = parts.find(number);
    if (whole.by_count.size() > 0 && part == parts.end()) {
      shards.front().refuse(fmt::format("part_by_count of piece {} is missing", number));
    }
    whole.add(std::move(features), part == parts.end() ? whole.by_count : part->second);
  }
  if (whole.summary.done == whole.summary.features) return whole;
  for (auto& [number, by_count] : parts) whole.parts.push_back({number, std::move(by_count)});
  return whole;
}

}  // namespace skeleta::storage
