#include "training/judged_end.h"

#include <cmath>

#include "skeleta/exact/hessian.h"
#include "skeleta/training/parameters.h"
#include "skeleta/training/spectrum.h"
#include "training/orbit.h"

namespace skeleta::training {
namespace {

constexpr double kink_tolerance = 1e-5;

CountRange skeletons_of(const JudgedProblem& problem) {
  switch (problem.options.objective) {
    case ObjectiveKind::one_sparse:
      return {1, 1};
    case ObjectiveKind::k_sparse:
      return {0, problem.options.k};
    default:
      return {0, problem.features.size()};
  }
}

// Rotations, and thresholds that are held at 0.
Matrix known_flat(const JudgedProblem& problem, const Autoencoder& model) {
  const Matrix turns = orbit(model);
  if (problem.options.thresholds) return turns;
  const Index D = model.features(), n = parameter_count(model);
  Matrix flat = Matrix::Zero(n, turns.cols() + D);
  flat.leftCols(turns.cols()) = turns;
  flat.bottomRightCorner(D, D).setIdentity();
  return flat;
}

// A direction there is one of parameters: in natural coordinates it leads down as well.
JudgedEnd by_spectrum(const JudgedProblem& problem, const Autoencoder& model, const Vector& x,
                      const Vector& y) {
  SpectrumOptions options;
  options.objective = problem.options.objective;
  options.k = problem.options.k;
  options.penalty = problem.penalty;
  options.slope = INFINITY;  // a tolerance was met
  options.kink = kink_tolerance;
  options.threads = problem.threads;
  const Spectrum found = spectrum(model, problem.features, options);
  if (found.landscape != Landscape::saddle) return {found.landscape, {}};
  constexpr double little = 1e-6;
  return {Landscape::saddle,
          (problem.coordinates.from_parameters(x + little * found.downhill) - y) / little};
}

}  // namespace

JudgedEnd judged_end(const JudgedProblem& problem, const Vector& y,
                     optimize::HessianProduct times) {
  // Relative to the largest eigenvalue: products are known to some 6e-5 of it.
  constexpr double seen = 1e-4, clear = 3e-4;
  constexpr Index few = 100;
  Vector x(y.size());
  problem.coordinates.to_parameters(y, x);
  Autoencoder model = problem.form;
  from_parameters(x, model);
  if (!exact::kinks(model, problem.features, skeletons_of(problem), kink_tolerance).empty()) {
    return {Landscape::kink, {}};
  }
  const bool finer = y.size() <= few && problem.options.thresholds;
  const optimize::Curvature curvature =
      optimize::least_curvature(times, y.size(), known_flat(problem, model), 200, 0.1 * seen);
  const double zero = (finer ? clear : seen) * curvature.largest;
  if (curvature.least < -zero) return {Landscape::saddle, curvature.direction};
  if (curvature.least > zero) return {Landscape::minimum, {}};
  if (finer) return by_spectrum(problem, model, x, y);
  return {Landscape::degenerate, {}};
}

}  // namespace skeleta::training
