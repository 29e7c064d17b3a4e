#pragma once

#include <cstdint>

#include "skeleta/core/function_ref.h"
#include "skeleta/core/types.h"
#include "skeleta/optimize/objective.h"
#include "skeleta/optimize/summary.h"

namespace skeleta::optimize {

/// Writes ∇²f v to `product`, which has the size of v, at the point at which f was called last. It
/// may be as inexact as steps may be: the gradient alone decides where a run ends.
using HessianProduct = FunctionRef<void(const Vector& v, Vector& product)>;

/// How a descent by second derivatives goes.
struct NewtonOptions {
  double gradient_tolerance = 1e-8;     ///< ‖∇f‖₂ ≤ this. 0: only where it vanishes.
  std::uint64_t max_iterations = 1000;  ///< Steps at most.
  std::uint64_t max_evaluations = 1'000'000;  ///< Calls of the objective at most.
  double first_radius = 1.0;                  ///< Of the trust region, > 0.
  double largest_radius = 1e6;                ///< ≥ first_radius.
  /// The equations ∇²f s = −∇f are solved to min(forcing, √(‖∇f‖/‖∇f at the start‖)) ‖∇f‖; in
  /// (0, 1).
  double forcing = 0.1;
  Index max_products = 1000;  ///< For one step, at most.
  /// Values that differ by less than ten times this, relative to |f|, count as equal: then the fall
  /// is taken from the gradients at both ends, −½ (∇f(x) + ∇f(x + s))·s.
  double value_noise = 1e-15;
};

/// Throws std::invalid_argument naming the first option that breaks its rule.
void validate(const NewtonOptions& options);

/// How a run ended, and how many products it took.
struct NewtonSummary : Summary {
  std::uint64_t products = 0;  ///< Calls of the Hessian's product.
};

/// Trust-region Newton's method with steps by conjugate gradients: Steihaug, SIAM J. Numer. Anal.
/// 20, 1983; Nocedal & Wright, Numerical Optimization, 2nd ed., algorithms 4.1 and 7.2. A direction
/// of negative curvature is followed to the boundary of the region, so that saddles repel; one that
/// is hit exactly does not (least_curvature()). f must be bounded below; where its second
/// derivatives jump, steps get shorter. After a step that is rejected the next one is where the
/// same conjugate gradients leave the smaller region: it costs one call of f and no product. Leaves
/// the last accepted point in x, which is not where f was called last if a run ends after a step
/// that was rejected. stop_reason line_search: no step changes f by more than its noise, or fifty
/// in a row neither did nor had a smaller gradient than all before.
/// Deterministic. Cost of a step besides f: some 10 n operations and 2 n numbers for each product.
/// Throws std::invalid_argument if x is empty or the options are not valid.
NewtonSummary newton(Objective f, HessianProduct times, Vector& x,
                     const NewtonOptions& options = {}, const StepCallback& callback = {});

/// The smallest eigenvalue of a symmetric operator.
struct Curvature {
  double least = 0.0;          ///< The smallest Ritz value: never below the smallest eigenvalue.
  double largest = 0.0;        ///< The largest |Ritz value|.
  double residual = 0.0;       ///< ‖Hv − least·v‖: some eigenvalue is that near to it.
  Vector direction;            ///< v, of norm 1.
  std::uint64_t products = 0;  ///< What it took.
};

/// By Lanczos' method, all vectors kept orthogonal, from a fixed start and orthogonal to the
/// orthonormal columns of `apart`, which the operator maps to (nearly) 0: at most `steps` products
/// for n dimensions, fewer where the Krylov space ends, or residual ≤ tolerance · largest.
/// Throws std::invalid_argument if n < 1, or `apart` has other rows.
Curvature least_curvature(HessianProduct times, Index n, const Matrix& apart, int steps = 100,
                          double tolerance = 1e-4);

}  // namespace skeleta::optimize
