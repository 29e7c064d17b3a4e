#pragma once

#include <memory>
#include <vector>

#include "approximation/firing_survey.h"
#include "skeleta/estimate/integrate.h"
#include "skeleta/model/autoencoder.h"

namespace skeleta::approximation {

/// What samples of a loss would hardly ever show, and what is done about it.
struct RareOutputs {
  std::vector<Index> outputs;  ///< Their errors are not sampled.
  /// Of all features, with the importance of these outputs only, and with that of all others.
  Features apart, sampled;
  /// Where they were found; it knows what samples of the others miss, about.
  std::shared_ptr<FiringSurvey> survey;
};

/// The outputs whose error has a part that samples would miss (FiringSurvey), if it is not sampled:
/// with `options`, on the skeletons beyond known.parts, with what a feature costs alone taken off.
RareOutputs rare_outputs(const Autoencoder& model, const Features& features,
                         const estimate::Known& known, const estimate::Options& options);

/// Takes the rare outputs apart: their loss by contour integrals, to a tenth of a tenth of the
/// target or what rounding allows. Where these would take longer than `seconds`, or know no more
/// than a bound does, it is that of the skeletons below `first`, and what may be beyond goes to
/// unseen_above.
void take_apart(const Autoencoder& model, const RareOutputs& rare, Index first, double seconds,
                const estimate::Options& options, estimate::Known& known);

/// Plain sampling takes nothing apart: it bounds what its samples may miss, or, if a precision is
/// asked for, draws as many points as it takes to see it (up to 10⁸).
void bound_unseen(const Autoencoder& model, const Features& features,
                  const estimate::Options& options, estimate::Known& known);

}  // namespace skeleta::approximation
