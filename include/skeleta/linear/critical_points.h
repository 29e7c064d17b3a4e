#pragma once

#include <cstdint>
#include <vector>

#include "skeleta/core/names.h"
#include "skeleta/core/types.h"
#include "skeleta/linear/linear_autoencoder.h"
#include "skeleta/linear/spectrum.h"

namespace skeleta::linear {

using skeleta::to_string;

enum class CriticalKind : std::int8_t { minimum, saddle };
constexpr auto names_of(CriticalKind) {
  return std::to_array<std::string_view>({"minimum", "saddle"});
}

/// A family of critical points of the linear loss: all (A, B) with AB the projection on the span of
/// the eigenvectors u_i, i in the set, that critical_point() makes (mathematics.md, Theorem 8.1).
/// There is no maximum: the loss is convex in A alone.
struct CriticalPoint {
  std::vector<Index> set;                    ///< Sorted, counted from 0 = largest eigenvalue.
  double loss = 0.0;                         ///< Σ_{i not in the set} λ_i.
  Index negative_directions = 0;             ///< Of the Hessian: see negative_directions().
  CriticalKind kind = CriticalKind::saddle;  ///< Minimum or saddle.

  /// Of the model: the number of eigenvectors that it keeps.
  Index rank() const { return static_cast<Index>(set.size()); }
};

/// All sets of up to d eigenvectors, by falling rank, then by rising loss. Sets with
/// fewer than d are the rank-deficient critical points. Within a group of equal eigenvalues the
/// eigenvectors are arbitrary, so sets that take as many of each group describe one family; all are
/// listed. Cost 2^D. Throws std::invalid_argument unless 1 ≤ d ≤ D ≤ 20.
std::vector<CriticalPoint> critical_points(const Spectrum& spectrum, Index hidden);

/// The family of one set. Throws std::invalid_argument if the set has more than `hidden` members,
/// a repeated one, or one outside 0 … D − 1, or hidden is not in 1 … D.
CriticalPoint describe(const Spectrum& spectrum, std::vector<Index> set, Index hidden);

/// Negative directions of the Hessian at the family of a set of r eigenvectors, with d hidden
/// dimensions: #{(j, k): j in the set, k not, λ_k > λ_j} + (d − r)·#{k not in the set: λ_k > 0}.
/// The first are the turns of u_j towards u_k; the others switch on an unused hidden dimension.
/// Equal eigenvalues (one group) do not count. mathematics.md, Theorem 8.2.
Index negative_directions(const Spectrum& spectrum, const std::vector<Index>& set, Index hidden);

/// A = U_I C and B = C⁺U_Iᵀ, for C of r × d and rank r (r = d: any invertible C). Throws
/// std::invalid_argument if the set is not valid, C has the wrong shape, or its least singular
/// value is below 1e-12 of the largest.
LinearAutoencoder critical_point(const Spectrum& spectrum, const std::vector<Index>& set,
                                 const Matrix& C);

/// The critical point above with u_j replaced by (u_j + ε u_k)/√(1 + ε²), j in the set, k not: its
/// loss is lower by exactly ε²/(1 + ε²)(λ_k − λ_j). Throws as above, or if j or k is not such a
/// pair.
LinearAutoencoder escape(const Spectrum& spectrum, const std::vector<Index>& set, const Matrix& C,
                         Index j, Index k, double epsilon);

/// Where a given (A, B) stands among the critical points.
struct Classification {
  CriticalPoint nearest;  ///< The family whose projection P is nearest to AB.
  double distance = 0.0;  ///< ‖AB − P‖_F, the least over all critical points.
  double gradient_norm = 0.0;  ///< √(‖∂L/∂A‖² + ‖∂L/∂B‖²): how critical it is itself.
  double loss = 0.0;           ///< Of the model.
};

/// ‖AB − P‖² = ‖AB‖² − 2 tr(AB P) + rank P is least for the P that takes, in each eigenspace, the
/// eigenvectors of AB's symmetrised block there whose eigenvalues exceed ½, at most d in all:
/// exact, also for equal eigenvalues. Cost O(D³). Throws std::invalid_argument if the shapes
/// disagree.
Classification classify(const LinearAutoencoder& model, const Spectrum& spectrum);

}  // namespace skeleta::linear
