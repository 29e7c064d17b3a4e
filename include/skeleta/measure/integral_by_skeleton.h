#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "skeleta/core/names.h"
#include "skeleta/core/types.h"
#include "skeleta/measure/active_count.h"

namespace skeleta {

/// The part of an integral that lives on the l-sparse skeleton Q_l (mathematics.md,
/// Definition 1.3).
struct SkeletonPart {
  Index l = 0;                  ///< Active features.
  double probability = 0.0;     ///< π_l = P(N = l), exact.
  double mean = 0.0;            ///< L_l = E[r | N = l]; NaN if never sampled or π_l = 0.
  double contribution = 0.0;    ///< C_l = π_l L_l.
  double standard_error = 0.0;  ///< Of the contribution; 0 if it is exact.
  std::uint64_t samples = 0;    ///< 0 if it is exact.
};

/// Why a computation ended.
enum class StopReason : std::int8_t {
  exact,        ///< Nothing was left to sample, or the exact error bound met its target.
  samples,      ///< The asked number of samples was drawn.
  precision,    ///< The asked precision was reached.
  max_samples,  ///< The limit on samples came first.
  interrupted,  ///< The progress callback said stop.
  nodes,        ///< Exact methods: the limit on nodes came first.
  non_finite,   ///< The integrand returned NaN or Inf: no number means anything.
  unresolved,  ///< Samples may miss more than the precision allows: error_bound says how much, if a
               ///< bound is known; else nothing is claimed.
  max_seconds,  ///< The limit on time came first.
  unreliable    ///< heavy_tailed() or degenerate_weights(): the interval may not cover.
};

constexpr auto names_of(StopReason) {
  return std::to_array<std::string_view>({"exact", "samples", "precision", "max_samples",
                                          "interrupted", "nodes", "non_finite", "unresolved",
                                          "max_seconds", "unreliable"});
}

/// An integral over the sparse cube, E r(x) = Σ_l π_l E[r | N = l], split by skeleton. Sampled and
/// exact computations return the same struct.
struct IntegralBySkeleton {
  std::vector<SkeletonPart> skeletons;  ///< The evaluated ones, by increasing l.
  double value = 0.0;                   ///< The integral, over all skeletons.
  double standard_error = 0.0;          ///< Of `value`; 0 if it is exact.
  double confidence = 0.95;             ///< Of the interval low, high.
  double low = 0.0;   ///< Interval of that confidence. All three are NaN if the error is only
  double high = 0.0;  ///< estimated (exact::ErrorControl); `high` includes error_bound.
  /// Rigorous bound on what was not sampled or what the samples may have missed, or on the exact
  /// error.
  double error_bound = 0.0;
  double rest = 0.0;  ///< Σ_{l≥2} C_l; its error is not that of a sum if rows are correlated.
  double rest_standard_error = 0.0;  ///< Of `rest`.
  std::uint64_t samples = 0;         ///< Drawn in all.
  std::uint64_t non_finite = 0;      ///< Values that were NaN or Inf: left out of every mean.
  StopReason stop_reason = StopReason::samples;  ///< Why sampling ended.

  /// Skewness of the sampling error: for n plain points that of the integrand over √n. The interval
  /// supposes that it is small, as the next.
  double skewness = 0.0;
  double kurtosis = 0.0;  ///< Excess kurtosis of the sampling error: the integrand's over n.
  /// The number of unweighted points that are worth as much as the weighted ones of importance
  /// sampling; `samples` for other methods.
  double effective_samples = 0.0;
  /// Variance with control variates over that without, as the pilot foresaw it; 1 without any.
  double variance_ratio = 1.0;

  /// False if any value, or a sum of them, was not finite: then no number here means anything.
  bool usable() const { return stop_reason != StopReason::non_finite; }

  /// True if the interval (mathematics.md, Proposition 9.2) may cover less often than it says: by
  /// Cochran's rule (n > 25 γ²) for the skewness, or because the standard error itself is uncertain
  /// by more than a third (its relative variance is kurtosis/4 plus a small part for the number of
  /// values).
  bool heavy_tailed() const { return !(std::abs(skewness) <= 0.2 && kurtosis <= 0.5); }
  /// True if few of the weighted points carry most of the weight.
  bool degenerate_weights() const { return effective_samples < 0.1 * static_cast<double>(samples); }
};

/// How much of the integral Q0 and Q1 carry, and what is known of the rest.
struct OneSparse {
  double contribution = 0.0;         ///< C_0 + C_1.
  double share = 0.0;                ///< contribution / value; NaN if the value is 0.
  double rest = 0.0;                 ///< Σ_{l≥2} C_l.
  double rest_standard_error = 0.0;  ///< Of `rest`.
  double rest_bound = 0.0;           ///< Rigorous upper bound of the rest, independent of samples.
  double probability_of_rest = 0.0;  ///< P(N ≥ 2), exact.
  double union_bound = 0.0;          ///< Σ_{i<j} p_i p_j ≥ P(N ≥ 2).
  double chernoff_bound = 0.0;       ///< Chernoff–KL bound of P(N ≥ 2).
};

}  // namespace skeleta
