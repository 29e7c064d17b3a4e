#pragma once

#include <vector>

#include "exact/law_atoms.h"

/// One row on the nodes of an AtomLaw.
namespace skeleta::exact {

struct AtomsOfRow {
  struct Point {
    double z = 0.0, x = 0.0;  // x_i
    double rounded = 0.0;     // a bound of |δz|
  };

  /// `rounding`: what g_j may be off by.
  AtomsOfRow(const LawRow& row, const AtomLaw& law, const Vector& rounding);

  /// Which side of c is not sure. Without features z is 0.
  bool near(std::size_t s) const;

  double c;
  Vector value;  // of all features that are ever active
  std::vector<Point> points;
};

/// A threshold beyond all that z can be takes a usual size, that of x_i, whose square is a number
/// too; what never fires has no jump.
LawRow within_reach(const LawRow& row, const Vector& rounding);

/// Σ over the features of a pattern, for all nodes.
std::vector<double> sums_over(const std::vector<PatternTree::Node>& nodes, const Vector& terms);

/// Σ of the terms of all nodes that have feature j, for each j that a node has: the others' entries
/// of `result` are left. Returns that of all.
double sums_with(const std::vector<PatternTree::Node>& nodes, const std::vector<double>& terms,
                 Vector& result);

}  // namespace skeleta::exact
