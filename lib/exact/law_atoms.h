#pragma once

#include "exact/law_curvature.h"
#include "exact/law_output.h"
#include "exact/pattern_tree.h"

/// Laws whose values are all constants: z takes one value on each pattern of active features, and
/// expectations are sums over the patterns, where a contour could not end.
namespace skeleta::exact {

/// The features of positive density, in increasing order.
std::vector<Index> active_features(const DataLaw& law);
/// Are all their values constant?
bool has_constant_values(const DataLaw& law);

/// The probabilities of all patterns of active features, each to some D ε of itself or, below all
/// normal numbers, of the least of those.
class AtomLaw {
 public:
  static constexpr double most_nodes = 1 << 20;  ///< As 20 independent features have.

  /// Has it constant values, and at most so many nodes?
  static bool applies(const DataLaw& law, double nodes = most_nodes);
  /// Of all features of a law to which this applies. Cost: the nodes.
  explicit AtomLaw(const DataLaw& law) : AtomLaw(law, active_features(law)) {}
  /// Of some, in increasing order, whatever the others do.
  AtomLaw(const DataLaw& law, std::vector<Index> features);

  const std::vector<PatternTree::Node>& nodes() const { return patterns_.nodes(); }
  /// How many features each node has.
  const std::vector<Index>& active() const { return active_; }
  const std::vector<Index>& features() const { return features_; }
  /// How many of them at most are active together.
  Index most_active() const { return most_active_; }

 private:
  std::vector<Index> features_;
  PatternTree patterns_;
  std::vector<Index> active_;
  Index most_active_ = 0;
};

/// E(x_i − y)² of an output without noise, its derivative by c, and bounds of their errors. The
/// derivatives are 0 where they are not wanted.
/// Rounding may put a pattern on the wrong side of the threshold: derivatives, and losses with a
/// jump, are then known as far as this pattern's part.
struct AtomOutput {
  double value = 0.0, threshold = 0.0;
  LawError error;
};

/// `rounding`: what g_j may be off by. The derivatives by g_j go to by_feature, D entries that are
/// 0, and E[(x_i − y)²; N = l] to by_count; null: not wanted. Cost: the nodes.
AtomOutput atom_output(const LawRow& row, const AtomLaw& law, const Vector& rounding,
                       double* by_feature, Vector* by_count);

/// Second derivatives, as in law_curvature.h; of infinite error where the z of a pattern that is
/// not empty may be c. `row` and `law` must outlive them.
LawCurvature atom_curvature(const LawRow& row, const AtomLaw& law, const Vector& rounding);

}  // namespace skeleta::exact
