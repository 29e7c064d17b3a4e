#pragma once

#include <memory>
#include <vector>

#include "estimate/allocation.h"
#include "estimate/problem.h"
#include "estimate/survey.h"

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
  double fitted_ratio = 1.0;  ///< Over what those controls leave whose coefficients are given.

  /// Points in all: the number that is asked for, or what the target needs.
  double total(const Options& options) const;
};

/// Points of the law of the data: of the whole measure, or on each skeleton. `survey`: of these.
Setup set_up_strata(const Problem& problem, const Survey& survey);

/// The same for points of another law, chosen by a survey of its own; `weighted`: its integrand has
/// the weights of points as last output. Controls are those of `survey`.
Setup set_up_strata(const Problem& problem, const Survey& survey, const Survey& own, bool weighted);

}  // namespace skeleta::estimate
