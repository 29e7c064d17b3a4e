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

/// Of natural coordinates y at which the gradient vanishes; `times` are the products there. Where
/// the loss is not twice differentiable nothing else is said. Else the smallest eigenvalue beside
/// the rotations' decides (optimize::least_curvature), and of at most 100 parameters, where that is
/// not clear, the whole spectrum. Cost: up to 200 products.
JudgedEnd judged_end(const JudgedProblem& problem, const Vector& y, optimize::HessianProduct times);

}  // namespace skeleta::training
