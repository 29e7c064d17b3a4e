#pragma once

#include <vector>

#include "skeleta/core/types.h"

namespace skeleta::training {

/// max_{i≠j} |cos(w_i, w_j)| ≤ c, columns of 0 left out, by an augmented Lagrangian (Hestenes 1969;
/// Nocedal & Wright, section 17.3). The constraints are polynomials, smooth at columns of 0:
///   g_ij = ⟨w_i, w_j⟩² − c² |w_i|² |w_j|² ≤ 0,  i < j.
/// Minimised is f + Σ_{i<j} [max(0, λ_ij + μ g_ij)² − λ_ij²]/(2μ) in rounds, between which λ ←
/// max(0, λ + μ g). Where w_i is 0 the gradient of g_ij is as well, so that no multiplier holds a
/// column there: one that a round leaves short beside others, and in conflict, is dropped for good.
class CoherenceCap {
 public:
  /// `scale` has the size of the objective.
  CoherenceCap(double cap, Index features, double scale);

  /// What the present multipliers add to the objective; its gradient is added to that of W, which
  /// `gradient` begins with. Gradients of dropped columns become 0. Cost 3 d D².
  double add(const Matrix& W, Vector& gradient) const;

  /// Ends a round at W: whether the cap holds, to 1e-8, and multipliers charge nothing else. If
  /// not, these change, and columns may be dropped, which become 0 in W.
  bool holds(Matrix& W);

 private:
  void drop(Index column, Matrix& W);

  double squared_;      ///< c²
  double scale_;        ///< Of the objective.
  double weight_;       ///< μ
  Matrix multipliers_;  ///< λ, symmetric, its diagonal 0.
  std::vector<bool> dropped_;
  double left_ = 1.0;  ///< How far from a solution the last round was.
  int rounds_ = 0;
};

}  // namespace skeleta::training
