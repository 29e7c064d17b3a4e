#pragma once

#include "exact/dictionary_gradient.h"
#include "exact/dictionary_output.h"

namespace skeleta::exact {

/// One output's derivatives but for its rare entries, and what gives these.
struct OutputDerivatives {
  OtherDerivatives others;
  DerivativeScale scale;
  Spread::Polynomials polynomials;  ///< For interpolate(); empty if there is no contour.
  double error = 0.0;               ///< Estimate, of all of them in the Euclidean norm.
  double excess = 0.0;              ///< As OutputResult::excess.
};

/// For a row whose loss is `result`, without a jump, ∂F/∂g_j to `target` p_j √F. `odds_norm`: √Σ r²
/// of the rare ones.
OutputDerivatives differentiate_output(const DictionaryRow& row, const InterferenceMoments& moments,
                                       const OutputResult& result, double target,
                                       Index maximum_nodes, double odds_norm);

}  // namespace skeleta::exact
