#include "training/judged_end.h"

#include <algorithm>
#include <cmath>

#include "skeleta/exact/hessian.h"
#include "skeleta/training/parameters.h"
#include "skeleta/training/spectrum.h"
#include "training/flat_directions.h"
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

// Rotations, what does nothing (a penalty may charge it), and thresholds that are held at 0.
Matrix known_flat(const JudgedProblem& problem, const Autoencoder& model) {
  Matrix turns = orbit(model);
  if (!problem.penalty.active() && problem.options.thresholds) {
    const Matrix silent = silent_directions(model, problem.features, skeletons_of(problem).last);
    if (silent.cols() > 0) turns = orthonormal(beside(turns, silent));
  }
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

JudgedEnd judged_end(const JudgedProblem& problem, const Vector& y, const JudgedProducts& times) {
  // Relative to the largest eigenvalue: rough products are known to some 6e-5 of it.
  constexpr double seen = 1e-4, clear = 3e-4, seen_finely = 1e-6;
  constexpr int most_steps = 200;
  constexpr Index few = 100;
  Vector x(y.size());
  problem.coordinates.to_parameters(y, x);
  Autoencoder model = problem.form;
  from_parameters(x, model);
  if (!exact::kinks(model, problem.features, skeletons_of(problem), kink_tolerance).empty()) {
    return {Landscape::kink, {}};
  }
  const bool finer = y.size() <= few && problem.options.thresholds;
  const Matrix flat = known_flat(problem, model);
  const auto judge = [&](optimize::HessianProduct products, double relative_zero,
                         double tolerance) {
    const optimize::Curvature curvature =
        optimize::least_curvature(products, y.size(), flat, most_steps, tolerance);
    const double zero = std::max(relative_zero * curvature.largest, 10.0 * times.fine_error);
    if (curvature.least < -zero) return JudgedEnd{Landscape::saddle, curvature.direction};
    if (curvature.least > zero) return JudgedEnd{Landscape::minimum, {}};
    return JudgedEnd{Landscape::degenerate, {}};
  };
  const JudgedEnd roughly = judge(times.rough, finer ? clear : seen, 0.1 * seen);
  if (roughly.landscape != Landscape::degenerate) return roughly;
  return finer ? by_spectrum(problem, model, x, y) : judge(times.fine, seen_finely, seen_finely);
}

}  // namespace skeleta::training
