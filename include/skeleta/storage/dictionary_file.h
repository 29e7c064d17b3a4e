#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "skeleta/measure/feature_figures.h"
#include "skeleta/storage/result_file.h"

namespace skeleta::storage {

/// Features that are evaluated together: sums go piece by piece, in order.
constexpr std::int64_t dictionary_piece = 512;

/// What `skeleta dictionary` found of one feature.
struct DictionaryFeature {
  FeatureFigures figures{};                       ///< Of its output.
  double density = 0.0;                           ///< p_i
  double importance = 1.0;                        ///< v_i
  std::vector<std::int64_t> neighbour_feature{};  ///< Who disturbs it most; −1 where nobody does.
  std::vector<double> neighbour_share{};          ///< Their parts of the interference's variance.
  std::int64_t feature = 0;                       ///< Which one it is.
};

/// An output that was also evaluated among random directions: the dictionary with a random rotation
/// of its own for each feature, which turns w_i and o_i together. So lengths, A_ii, densities,
/// importances, thresholds and jumps are kept (fitted thresholds are fitted again), and nothing of
/// how features lie to each other.
struct ComparedOutput {
  std::int64_t feature = 0;            ///< Which.
  double weight = 1.0;                 ///< How many features it stands for.
  double density = 0.0;                ///< p_i
  double nearest_cosine = 0.0;         ///< max_j |cos(w_i, w_j)| of the dictionary; NaN if w_i = 0.
  double random_nearest_cosine = 0.0;  ///< The same among random directions.
  FeatureFigures random{};             ///< Of its output there.
};

/// How one figure is distributed over the features that are done.
struct DictionaryHistogram {
  std::string quantity;                   ///< Which figure.
  bool logarithmic = false;               ///< Bins of equal ratios, not of equal widths.
  std::vector<double> edge{};             ///< Of the bins; one more.
  std::vector<std::int64_t> count{};      ///< Features in each.
  std::int64_t without = 0;               ///< Features without that figure, which is NaN.
  std::vector<double> random_share = {};  ///< Among random directions, as estimated.
};

/// The whole, as far as it goes.
struct DictionarySummary {
  std::int64_t features = 0;  ///< D
  std::int64_t hidden = 0;    ///< d
  std::int64_t done = 0;      ///< So many features have figures: the first, but for a shard.
  double loss = 0.0;          ///< Σ v_i loss_i of these,
  double error_bound = 0.0;   ///< and how well it is known.
  double mean_active = 0.0;   ///< Σ p
  double welch_bound = 0.0;   ///< Of the coherence of D unit vectors in R^d.
  /// Estimate of Σ v_i loss_i of all D features among random directions, from the compared outputs.
  double random_loss = std::numeric_limits<double>::quiet_NaN();
  /// Of that: what the choice of outputs leaves unknown, given the random directions.
  double random_standard_error = std::numeric_limits<double>::quiet_NaN();
  /// The largest nearest_cosine of the compared outputs,
  double largest_cosine = std::numeric_limits<double>::quiet_NaN();
  double random_largest_cosine = std::numeric_limits<double>::quiet_NaN();  ///< and of random ones.
};

/// What the sums of some pieces, which are not the first ones, leave open.
struct DictionaryPart {
  std::int64_t piece = 0;  ///< Features from dictionary_piece times it on.
  Vector by_count{};       ///< Of the piece, as of DictionaryRun.
};

/// A run of it.
struct DictionaryRun {
  DictionarySummary summary{};                ///< Of all that is done.
  std::vector<DictionaryFeature> features{};  ///< Those done.
  Vector by_count{};  ///< Σ_i v_i E[(x_i − x̂_i)²; N = l] of those done; empty if not split.
  std::vector<std::string> names{};        ///< By feature, of those done at least; or none.
  std::vector<ComparedOutput> compared{};  ///< By feature; none if nothing was compared.
  std::vector<DictionaryPart> parts{};     ///< Of a shard of a run that is split: its pieces.

  /// Adds the features of the next piece and its part of by_count.
  void add(std::vector<DictionaryFeature> piece, const Vector& part);
};

/// Distributions, over the features done, of the loss relative to E x_i², of the interference's
/// standard deviation, of false activation, recall and precision.
std::vector<DictionaryHistogram> histograms(const DictionaryRun& run);

/// What its file holds.
Results dictionary_results(const DictionaryRun& run);
/// The run of all these features, which are those of some shards. Throws FileError if parts are
/// missing.
DictionaryRun merged_dictionary(const std::vector<ResultFile>& shards);
/// And back. Throws FileError if something is missing.
DictionaryRun dictionary_run(const ResultFile& file);

}  // namespace skeleta::storage
