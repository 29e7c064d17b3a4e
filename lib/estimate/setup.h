#pragma once

#include <memory>
#include <vector>

#include "estimate/allocation.h"
#include "estimate/problem.h"

namespace skeleta::estimate {

/// How a method goes about a problem, after its pilot.
struct Setup {
  std::vector<Stratum> strata;  ///< Without points.
  DrawFactory draw;
  /// Less its controls; importance: weighted, with the weight as last output.
  Integrand integrand;
  bool weighted = false;
  std::unique_ptr<Allocation> allocation;
  std::vector<bool> varies;                       ///< By stratum: see SurveyRow.
  std::vector<bool> controlled;                   ///< By stratum: were controls subtracted?
  std::vector<std::vector<double>> coefficients;  ///< By stratum: of the controls, then `variant`.
  double variance_ratio = 1.0;                    ///< Foreseen, with controls over without.

  /// Points in all: the number that is asked for, or what the target needs.
  double total(const Options& options) const;
};

/// Runs the pilot of options.method. Throws Interrupted.
Setup set_up(const Problem& problem);

}  // namespace skeleta::estimate
