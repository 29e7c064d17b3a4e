#pragma once

#include "skeleta/measure/features.h"
#include "skeleta/optimize/lbfgs.h"
#include "training/natural_coordinates.h"

namespace skeleta::training {

/// The coordinates for a loss on the skeletons with at most `most` active features.
NaturalCoordinates natural_coordinates(const Features& features, Index most);

/// The length that L-BFGS tries first: a tenth of a column that is represented, whose length is
/// about 1.
inline constexpr double first_step = 0.1;

/// L-BFGS on an objective of parameters (parameters.h), in natural coordinates: the gradient there
/// is held to gradient_tolerance · zero, `zero` the objective's size (its value for the model that
/// answers 0). All else of `options` holds as it is; the summary, and the steps that the callback
/// sees, are in terms of parameters and the objective's own unit, but for the gradient's norm,
/// which is along y.
///
/// Where f falls far below `zero`, such a tolerance may leave it without digits. As |∇f| ≤
/// 2√f·√(E Σ v |∂x̂|²), the natural size of a gradient is √(f·zero): where f ends below zero/100
/// the descent goes on to gradient_tolerance · √(f·zero), as far as rounding lets it.
optimize::Summary natural_descent(optimize::Objective f, Vector& x,
                                  const NaturalCoordinates& coordinates, double zero,
                                  optimize::LbfgsOptions options,
                                  const optimize::StepCallback& callback = {});

}  // namespace skeleta::training
