#pragma once

#include <memory>
#include <vector>

#include "estimate/setup.h"

namespace skeleta::estimate {

/// Another law of supports, under which feature j is active with odds r_j h_j instead of
/// r_j = p_j/(1 − p_j), and the weights that make up for it.
class Tilt {
 public:
  /// `factor`: h_j > 0; without effect for densities 0 and 1.
  Tilt(const Vector& density, const Vector& factor, Index most);

  /// Densities whose odds are r_j h_j.
  const Vector& density() const { return density_; }

  /// P(A | N = l)/P̃(A | N = l) for the support A of the point, l = |A|:
  /// Π_{j∈A} 1/h_j · e_l(r h)/e_l(r), with e_l the elementary symmetric polynomial.
  double weight(const SparsePoint& point) const;

 private:
  Vector density_, log_factor_;
  std::vector<double> log_ratio_;  // log e_l(r h)/e_l(r)
};

/// The factors h_j: mean |f| over points on the sampled skeletons with feature j active, over that
/// of all, from points with all features drawn alike, so that rare ones are seen too.
Vector effect_of_features(const Problem& problem, const Integrand& integrand);

/// The outputs times the weight, then the weight itself.
Integrand weighted(const Integrand& integrand, std::shared_ptr<const Tilt> tilt);

/// Strata of points drawn by the tilted law. Throws Interrupted.
Setup set_up_importance(const Problem& problem, const Survey& survey);

}  // namespace skeleta::estimate
