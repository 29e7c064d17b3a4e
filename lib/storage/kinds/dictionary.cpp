#include "skeleta/storage/dictionary_file.h"
#include "storage/fields.h"

namespace skeleta::storage {
namespace {

constexpr const char* group = "/dictionary";
constexpr const char* present = "since 1.9, in files of dictionary";

// Along [dictionary], of which there is one.
const Fields<DictionarySummary>& summary_fields() {
  using Summary = DictionarySummary;
  static const auto fields = block<Summary>(
      group, present,
      {
          {axis("dictionary", "there is one")},
          {whole("features", "dictionary", "number of features D").from(1), &Summary::features},
          {whole("hidden", "dictionary", "hidden dimensions d").from(1), &Summary::hidden},
          {whole("done", "dictionary", "the first so many features have figures"), &Summary::done},
          {magnitude("loss", "dictionary", "of the features done, with importances"),
           &Summary::loss},
          {magnitude("error_bound", "dictionary", "of that loss"), &Summary::error_bound},
          {magnitude("mean_active", "dictionary", "expected number of active features"),
           &Summary::mean_active},
          {magnitude("welch_bound", "dictionary",
                     "least largest |cosine| of D directions in d dimensions"),
           &Summary::welch_bound},
      },
      "[].");
  return fields;
}

// Along [feature].
const Fields<DictionaryFeature>& feature_fields() {
  using Feature = DictionaryFeature;
  static const auto fields = joined(
      block<Feature>(
          group, present,
          {
              {axis("feature", "feature, and its output")},
              {real("density", "feature", "probability that it is active").from(0, 1),
               &Feature::density},
              {magnitude("importance", "feature", "weight of its loss"), &Feature::importance},
              {real("threshold", "feature", "subtracted before the ReLU"), &Feature::figures,
               &FeatureFigures::threshold},
              {magnitude("feature_loss", "feature",
                         "expected square of its error, without importance")
                   .as("loss"),
               &Feature::figures, &FeatureFigures::loss},
              {magnitude("feature_error_bound", "feature", "of that").as("error_bound"),
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

}  // namespace

Rows dictionary_rows() {
  return rows_of(summary_fields(), feature_fields(),
                 block(group, "since 1.9, in files of dictionary with --skeletons",
                       {
                           axis("l", "number of active features"),
                           real("by_count", "l", "part of the loss with l features active"),
                       },
                       ""));
}

Results dictionary_results(const DictionaryRun& run) {
  Results results;
  put(results, summary_fields(), {run.summary});
  put(results, feature_fields(), run.features);
  if (run.by_count.size() > 0) results.add("/dictionary/by_count", run.by_count);
  return results;
}

DictionaryRun dictionary_run(const ResultFile& file) {
  DictionaryRun run;
  std::vector<DictionarySummary> summary(1);
  get(file, summary_fields(), summary);
  run.summary = summary.front();
  run.features.resize(static_cast<std::size_t>(run.summary.done));
  get(file, feature_fields(), run.features);
  if (const ResultDataset* parts = file.find("/dictionary/by_count")) {
    const auto& values = std::get<std::vector<double>>(parts->values);
    run.by_count = Eigen::Map<const Vector>(values.data(), static_cast<Index>(values.size()));
  }
  return run;
}

}  // namespace skeleta::storage
