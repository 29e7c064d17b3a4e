#pragma once

#include <span>

#include "skeleta/core/types.h"

namespace skeleta::geometry {

/// D_i = |w_i|² / Σ_j (ŵ_i·w_j)² with ŵ_i = w_i/|w_i|, one for each of the D columns w_j of W (d ×
/// D); 0 for a zero column. It is the share of a dimension that feature i has for itself: 0 ≤ D_i ≤
/// 1, ΣD_i ≤ rank W, with equality if W is a tight frame. Parts of W that are orthogonal to each
/// other keep the values they have alone (mathematics.md, Proposition 7.4). Accuracy: a few d·ε,
/// relative. Cost d·D², memory d·D and one block of D × 64. Source: Elhage et al., Toy Models of
/// Superposition (2022), "feature dimensionality". Throws std::invalid_argument if W is empty or
/// has an entry that is not finite.
Vector feature_dimensionality(const Matrix& W);

/// D* = d/‖W‖_F², hidden dimensions per represented feature; infinite for W = 0. Same source.
/// Throws as feature_dimensionality does.
double dimensions_per_feature(const Matrix& W);

/// A polytope whose vertices, as columns of W, all have D_i = dimensions/vertices: they are an
/// equal-norm tight frame.
struct NamedDimensionality {
  const char* name;  ///< One word.
  int dimensions;    ///< In which it lives.
  int vertices;      ///< How many it has.

  /// The feature dimensionality of each vertex.
  constexpr double value() const { return static_cast<double>(dimensions) / vertices; }
};

/// Those that trained models are known to reach, by falling value: tetrahedron 3/4, triangle 2/3,
/// digon 1/2, pentagon 2/5, antiprism 3/8. The antiprism is the square one whose vertices have
/// z² = 1/3, which is not the one that minimises the Coulomb energy (that one is not tight: .3744).
std::span<const NamedDimensionality> named_dimensionalities();

/// The named one nearest to `value`, or null if none is within `tolerance`.
const NamedDimensionality* nearest_named(double value, double tolerance);

}  // namespace skeleta::geometry
