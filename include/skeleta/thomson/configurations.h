#pragma once

#include <span>
#include <string>
#include <vector>

#include "skeleta/core/types.h"

namespace skeleta::thomson {

/// N points at equal angles on the circle, 2 × N. Throws std::invalid_argument if N < 2.
Matrix polygon(Index points);

/// N ≤ d + 1 unit vectors of R^d with inner products −1/(N − 1), d × N. Throws
/// std::invalid_argument if N < 2 or N > d + 1.
Matrix simplex(Index points, Index dimension);

/// ±e_1, …, ±e_d as columns e_1, −e_1, e_2, …, d × 2d. Throws std::invalid_argument if d < 1.
Matrix orthoplex(Index dimension);

/// A configuration that is worth a name.
struct NamedConfiguration {
  std::string name;  ///< "pentagon", "tetrahedron", "roots of E8", ….
  Matrix points;     ///< d × N unit columns.
  /// Proven to minimise the energy f for every f that is completely monotone in the squared
  /// distance: all Riesz energies and the logarithmic one.
  bool universally_optimal = false;
  std::string source;  ///< Who proved that; or why it is worth a name.
};

/// The named configurations of N points in R^d, those that are universally optimal first: polygons,
/// simplices, orthoplices and the sporadic ones. Empty if there are none, or N < 2 or d < 1.
/// Accuracy of the points: a few ε. Cost N·d; some 0.1 s for those that come from the Leech
/// lattice.
std::vector<NamedConfiguration> named_configurations(Index points, Index dimension);

/// What distinguishes a configuration that is not one of a family.
struct SporadicConfiguration {
  const char* name;          ///< Of the polytope or code.
  Index points;              ///< N.
  Index dimension;           ///< d.
  bool universally_optimal;  ///< As of NamedConfiguration.
  const char* source;        ///< As of NamedConfiguration.
  Matrix (*make)();          ///< d × N unit columns.
};

/// All of them: icosahedron, 600-cell, E₈ and what is derived from it, the Leech lattice likewise,
/// and some that are not optimal but well known. Sharp ones: table 1 of Cohn & Kumar, Universally
/// optimal distribution of points on spheres, J. Amer. Math. Soc. 20 (2007).
std::span<const SporadicConfiguration> sporadic_configurations();

}  // namespace skeleta::thomson
