#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "skeleta/certify/phase.h"

namespace skeleta::program {

/// The options of certify --phases, as typed.
struct PhaseWords {
  bool asked = false;
  std::vector<double> importances, sparsities, densities, interferences;

  /// Throws UsageError if densities are missing or given twice.
  certify::PhaseGrid grid() const;
};

/// Points that were proven, or checked again.
struct ProvenPhases {
  std::vector<certify::PhaseProof> proofs;
  std::optional<certify::PhaseFlaw> flaw{};
  double seconds = 0.0;
  bool interrupted = false;  ///< Before the last point of the grid.

  bool decided() const;  ///< All of them.
};

/// Where the flaw is, and why.
std::string flaw_words(const ProvenPhases& proven);

/// One line a point up to some tens of them, what the phases are, and where λ_c lies.
void print_phases(std::ostream& out, const ProvenPhases& proven, bool checked);

nlohmann::ordered_json json_of_phases(const ProvenPhases& proven, int threads);

}  // namespace skeleta::program
