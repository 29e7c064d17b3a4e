#pragma once

#include <memory>
#include <vector>

#include "estimate/setup.h"

namespace skeleta::estimate {

/// Another law of supports, P̃(A) = P(A) Π_{j∈A} h_j/Z, and the weights that make up for it. It has
/// the same groups with other probabilities: each node's generating function at φ_j = h_j is its
/// mass Z, and p̃ ∝ p Z. An independent feature is active with odds r_j h_j instead of
/// r_j = p_j/(1 − p_j).
class Tilt {
 public:
  /// `factor`: h_j > 0; without effect for features that are always active, or never.
  Tilt(const ActivityTree& activity, const Vector& factor, Index most);

  /// The other law.
  const ActivityTree& activity() const { return activity_; }

  /// P(A | N = l)/P̃(A | N = l) for the support A of the point, l = |A|:
  /// Π_{j∈A} 1/h_j · Z P̃(N = l)/P(N = l).
  double weight(const SparsePoint& point) const;

 private:
  void tilt_features(const Vector& density, const Vector& factor);
  void tilt_groups(const ActivityTree& activity, const Vector& factor);

  ActivityTree activity_;
  Vector log_factor_;              // log h_j
  double log_mass_ = 0.0;          // log Z, if there are groups
  std::vector<double> log_ratio_;  // log Z P̃(N = l)/P(N = l)
};

/// The factors h_j: mean |f| over points on the sampled skeletons with feature j active, over that
/// of all, from points with all features drawn alike, so that rare ones are seen too.
Vector effect_of_features(const Problem& problem, const Integrand& integrand);

/// The outputs times the weight, then the weight itself.
Integrand weighted(const Integrand& integrand, std::shared_ptr<const Tilt> tilt);

/// Strata of points drawn by the tilted law. Throws Interrupted.
Setup set_up_importance(const Problem& problem, const Survey& survey);

}  // namespace skeleta::estimate
