#pragma once

#include "exact/law_atoms.h"

/// Laws of constant values with too many patterns for a sum over all, whose features are of two
/// independent halves: z is the sum of those of the halves, and what the patterns of one half
/// contribute beside a pattern of the other are moments of those beyond a place in their order.
/// 2^{n/2} n steps instead of 2ⁿ, for n independent features.
namespace skeleta::exact {

class AtomHalves {
 public:
  /// Has it constant values, and can what is independent at the top be divided into two halves to
  /// which AtomLaw applies?
  static bool applies(const DataLaw& law);
  /// Of a law to which this applies. Cost: the nodes of both.
  explicit AtomHalves(const DataLaw& law);

  const AtomLaw& first() const { return first_; }
  const AtomLaw& second() const { return second_; }

 private:
  AtomLaw first_, second_;
};

/// How constant values are summed: over few patterns all at once, over more by halves if there are
/// two.
enum class PatternSums { none, whole, halves };
PatternSums pattern_sums(const DataLaw& law);

/// As of AtomLaw, but known to rounding of the squares of the terms of x_i − y, not of itself.
AtomOutput atom_output(const LawRow& row, const AtomHalves& law, const Vector& rounding,
                       double* by_feature, Vector* by_count);
LawCurvature atom_curvature(const LawRow& row, const AtomHalves& law, const Vector& rounding);

}  // namespace skeleta::exact
