#pragma once

#include "skeleta/optimize/newton.h"
#include "skeleta/training/landscape.h"
#include "skeleta/training/train.h"
#include "training/natural_coordinates.h"

/// What the end of a descent is, as second derivatives tell.
namespace skeleta::training {

/// What was minimised.
struct JudgedProblem {
  const Features& features;
  const Autoencoder& form;
  const NaturalCoordinates& coordinates;
  const Options& options;
  Penalty penalty;  ///< In the unit of `features`.
  int threads;
};

/// What a point is, and if it is a saddle a direction in natural coordinates that leads down.
struct JudgedEnd {
  Landscape landscape = Landscape::unknown;
  Vector downhill;
};

/// The Hessian's products there: to some 6e-5 of its largest eigenvalue, and to some 1e-7.
struct JudgedProducts {
  optimize::HessianProduct rough, fine;
  const double& fine_error;  ///< The largest of the fine ones so far.
};

/// Of natural coordinates y at which the gradient vanishes. Where the loss is not twice
/// differentiable nothing else is said. Else the smallest eigenvalue decides
/// (optimize::least_curvature) beside those of directions that are known to be flat: rotations, and
/// silent_directions(). Where it is not clear, of at most 100 parameters the whole spectrum does,
/// of more that of fine products: a dropped feature, whose output is a constant, may curve the loss
/// a thousand times as much as those that share the dimensions. Cost: up to 200 products, where it
/// is not clear as many fine ones.
JudgedEnd judged_end(const JudgedProblem& problem, const Vector& y, const JudgedProducts& times);

}  // namespace skeleta::training
