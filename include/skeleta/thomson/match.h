#pragma once

#include <string>
#include <vector>

#include "skeleta/core/types.h"
#include "skeleta/geometry/coherence.h"
#include "skeleta/geometry/congruence.h"
#include "skeleta/thomson/known_minimum.h"
#include "skeleta/thomson/pair_energy.h"
#include "skeleta/thomson/solve.h"

namespace skeleta::thomson {

/// What columns are compared with: the best configuration that is known or was found.
struct Reference {
  Matrix points;             ///< d × N unit columns.
  double energy = 0.0;       ///< Of `points`.
  bool constructed = false;  ///< Exactly, from known_minimum; else found by solve().
  ProofStatus status = ProofStatus::best_known;  ///< Whether no lower energy exists.
  std::string name;                              ///< Of what is known; empty if nothing is.
  std::string source;                            ///< Likewise; "random starts" if nothing is.
  double difference = 0.0;  ///< Energy − known one: > 0 if the starts missed it; NaN if unknown.
};

/// The known minimum where it can be constructed, else the best of options.starts descents.
/// Calls `progress` as solve() does, and throws and costs as it does.
Reference reference(const PairEnergy& energy, Index points, Index dimension,
                    const SolveOptions& options = {}, const ProgressCallback& progress = {});

/// Unit columns against a reference of one energy.
struct EnergyMatch {
  PairEnergy kind;            ///< Of which `energy` is one.
  double energy = 0.0;        ///< Of the unit columns; infinite if two coincide (Riesz energies).
  double energy_ratio = 0.0;  ///< energy / reference.energy; NaN if that is 0.
  Reference reference;        ///< What the columns are compared with.
  /// How far the unit columns are from the reference. Where the reference has energy 0 (V_c with
  /// few points) it is one of a family of minimisers, and this the distance to that one.
  geometry::Congruence match;
};

/// A set of columns orthogonal to all others: a tegum factor.
struct Part {
  std::vector<Index> columns;  ///< Their numbers in W.
  Index dimension = 0;         ///< Of the space they span.
  std::string nearest;  ///< The nearest named configuration of as many points in that space; empty
                        ///< if there is none; "point" for a single column.
  double distance = 0.0;  ///< Its root-mean-square distance after matching; NaN if there is none.
};

/// Two columns that point in opposite directions, up to a tolerance.
struct OppositePair {
  Index first = 0;        ///< A column of W.
  Index second = 0;       ///< The other one.
  double distance = 0.0;  ///< |ŵ_i + ŵ_j|, 0 for opposite directions.
};

/// The nearest of geometry::named_dimensionalities() to one column's feature dimensionality.
struct NearestDimensionality {
  std::string name;       ///< Of the polytope.
  double value = 0.0;     ///< Of the polytope.
  double distance = 0.0;  ///< |D_i − value|.
};

/// The columns of W beside the configurations of Thomson's problem.
struct ModelMatch {
  std::vector<Index> columns;  ///< Those that count.
  std::vector<Index>
      excluded;  ///< Columns shorter than options.shortest times the longest, or zero.
  std::vector<EnergyMatch> energies;  ///< As asked; empty if fewer than two columns count.

  geometry::Coherence coherence;  ///< Of the columns that count; bounds NaN for fewer than two.
  double simplex_bound = 0.0;  ///< Of coherence.signed_max: −1/(n − 1) for n ≤ d + 1, else 0.
  double welch_bound = 0.0;    ///< Of coherence.absolute.
  double orthoplex_bound = 0.0;  ///< Of coherence.absolute; 0 where it does not hold.

  Vector dimensionality;                       ///< D_i of all columns of W; 0 for zero ones.
  std::vector<NearestDimensionality> nearest;  ///< Likewise.

  std::vector<Part> parts;    ///< Of the columns that count; sorted by their first column.
  double interference = 0.0;  ///< The largest |ŵ_i·ŵ_j| of columns in different parts.
  std::vector<OppositePair> opposite_pairs;  ///< By their first column.
};

/// What to compare columns with, and how hard to look.
struct MatchOptions {
  std::vector<PairEnergy> energies{coulomb};  ///< Each gives an EnergyMatch.
  SolveOptions solve{.starts = 30};           ///< Where no minimiser can be constructed.
  double shortest = 0.1;  ///< Columns below this share of the longest one are excluded; in [0, 1].
  double orthogonal = 0.1;  ///< |ŵ_i·ŵ_j| up to this counts as orthogonal; in [0, 1).
  double opposite = 0.1;    ///< |ŵ_i + ŵ_j| up to this counts as opposite; in [0, √2).
};

/// Compares W (d × D) with the configurations of as many points in as many dimensions. Each label
/// comes with its distance: none is a claim that W is that configuration.
/// Cost: for each energy that of reference() and of closest_match(). Throws std::invalid_argument
/// if W is empty or not finite, or an option is outside its range.
ModelMatch match(const Matrix& W, const MatchOptions& options = {});

/// The part for one energy only, against a given reference: columns of `unit` (d × N) are
/// normalised first. Throws std::invalid_argument naming both sizes if they differ, or if a column
/// is zero or not finite.
EnergyMatch match_energy(const PairEnergy& energy, const Matrix& unit, const Reference& reference);

}  // namespace skeleta::thomson
