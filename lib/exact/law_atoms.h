#pragma once

#include <cstdint>

#include "exact/law_curvature.h"
#include "exact/law_output.h"

/// Laws whose values are all constants: z takes one value on each pattern of active features, and
/// expectations are sums over the patterns, where a contour could not end.
namespace skeleta::exact {

/// The probabilities of all patterns of the n features that are ever active.
class AtomLaw {
 public:
  static constexpr std::size_t most_features = 20;

  /// Are all values of what is ever active constant, and n ≤ most_features?
  static bool applies(const DataLaw& law);
  /// Of a law to which this applies. Cost 2ⁿ.
  explicit AtomLaw(const DataLaw& law);

  const std::vector<Index>& features() const { return features_; }
  /// What rounding may take from any of the probabilities, beside some n ε of each: of 1 − Σ p in
  /// exclusive groups.
  double lost() const { return lost_; }
  /// P(just the features()[k] with bit k of the pattern are active), 2ⁿ entries.
  const std::vector<double>& probability() const { return probability_; }

 private:
  std::vector<Index> features_;
  std::vector<double> probability_;
  double lost_ = 0.0;
};

/// E(x_i − y)² of an output without noise, its derivative by c, and bounds of their errors.
/// Rounding may put a pattern on the wrong side of the threshold: derivatives, and losses with a
/// jump, are then known as far as this pattern's part.
struct AtomOutput {
  double value = 0.0, threshold = 0.0;
  LawError error;
};

/// `rounding`: what g_j may be off by. The derivatives by g_j go to by_feature, D entries that are
/// 0, and E[(x_i − y)²; N = l] to by_count, unless these are null. Cost 2ⁿ.
AtomOutput atom_output(const LawRow& row, const AtomLaw& law, const Vector& rounding,
                       double* by_feature, Vector* by_count);

/// Second derivatives, as in law_curvature.h; of infinite error where the z of a pattern that is
/// not empty may be c.
LawProduct atom_curvature(const LawRow& row, const AtomLaw& law, const Vector& rounding,
                          const LawDirection& direction, double* by_feature);

}  // namespace skeleta::exact
