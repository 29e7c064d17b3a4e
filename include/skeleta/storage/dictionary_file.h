#pragma once

#include <cstdint>
#include <vector>

#include "skeleta/measure/feature_figures.h"
#include "skeleta/storage/result_file.h"

namespace skeleta::storage {

/// What `skeleta dictionary` found of one feature.
struct DictionaryFeature {
  FeatureFigures figures{};                       ///< Of its output.
  double density = 0.0;                           ///< p_i
  double importance = 1.0;                        ///< v_i
  std::vector<std::int64_t> neighbour_feature{};  ///< Who disturbs it most; −1 where nobody does.
  std::vector<double> neighbour_share{};          ///< Their parts of the interference's variance.
};

/// The whole, as far as it goes.
struct DictionarySummary {
  std::int64_t features = 0;  ///< D
  std::int64_t hidden = 0;    ///< d
  std::int64_t done = 0;      ///< The first so many features have figures.
  double loss = 0.0;          ///< Σ v_i loss_i of these,
  double error_bound = 0.0;   ///< and how well it is known.
  double mean_active = 0.0;   ///< Σ p
  double welch_bound = 0.0;   ///< Of the coherence of D unit vectors in R^d.
};

/// A run of it.
struct DictionaryRun {
  DictionarySummary summary{};                ///< Of all that is done.
  std::vector<DictionaryFeature> features{};  ///< Those done.
  Vector by_count{};  ///< Σ_i v_i E[(x_i − x̂_i)²; N = l] of those done; empty if not split.
};

/// What its file holds.
Results dictionary_results(const DictionaryRun& run);
/// And back. Throws FileError if something is missing.
DictionaryRun dictionary_run(const ResultFile& file);

}  // namespace skeleta::storage
