#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "skeleta/core/types.h"
#include "skeleta/thomson/pair_energy.h"

namespace skeleta::thomson {

enum class ProofStatus : std::int8_t {
  proven,     ///< No configuration has less energy: somebody proved it.
  best_known  ///< The least that anybody found.
};

/// What is known of the least energy of N points on the unit sphere of R^d.
struct KnownMinimum {
  double energy = 0.0;                           ///< The least that is known.
  ProofStatus status = ProofStatus::best_known;  ///< Whether no lower one exists.
  std::string name;                              ///< Of the configuration; empty if it has none.
  std::string source;                            ///< Of the number, or of the proof.
  Matrix points;  ///< d × N, where it can be constructed exactly; else 0 × 0.
};

/// Riesz and logarithmic energies: universally optimal configurations (proven) for any N and d that
/// have one; 5 points in R³ for s ≤ 15 (proven); for Coulomb's energy in R³ the table of data/
/// thomson.csv, N ≤ 100. V_c: configurations of energy 0, which none can have less: parts of the
/// orthoplex for N ≤ 2d, and named ones whose inner products are all ≤ c; nothing else is known.
/// Accuracy: the table's 5e-13; otherwise rounding. Throws std::invalid_argument if N < 2, d < 1,
/// or the energy's parameter is outside its range.
std::optional<KnownMinimum> known_minimum(const PairEnergy& energy, Index points, Index dimension);

}  // namespace skeleta::thomson
