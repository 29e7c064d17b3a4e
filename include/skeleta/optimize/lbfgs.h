#pragma once

#include <cstdint>

#include "skeleta/optimize/objective.h"
#include "skeleta/optimize/summary.h"

namespace skeleta::optimize {

/// Each stopping rule is the inequality it tests, checked in this order after every step.
struct LbfgsOptions {
  double gradient_tolerance = 1e-8;  ///< ‖∇f‖₂ ≤ this. 0: only where the gradient vanishes.
  double value_tolerance = 0.0;      ///< 0 ≤ f_{k−1} − f_k ≤ this · |f_k|; 0: never asked.
  std::uint64_t max_iterations = 10'000;      ///< Steps at most.
  std::uint64_t max_evaluations = 1'000'000;  ///< Calls of the objective at most.

  Index history = 10;  ///< Pairs of steps and gradient changes that are kept.
  /// The strong Wolfe conditions on a step t along p, with φ(t) = f(x + t p):
  ///   φ(t) ≤ φ(0) + decrease · t φ'(0) + value_noise · |φ(0)|,   |φ'(t)| ≤ curvature · |φ'(0)|.
  double decrease = 1e-4;
  /// In (decrease, 1).
  double curvature = 0.9;
  /// Values that differ by less than this, relative to |φ(0)|, count as equal: near the minimum,
  /// where f is all rounding, the derivative alone decides (the approximate Wolfe conditions of
  /// Hager & Zhang, SIAM J. Optim. 16, 2005). For an f with errors of its own, their size.
  double value_noise = 1e-15;
  double first_step = 1.0;   ///< ‖Δx‖₂ that is tried first, before any curvature is known.
  int max_line_search = 40;  ///< Evaluations for one step.
};

/// Throws std::invalid_argument naming the first option that breaks its rule.
void validate(const LbfgsOptions& options);

/// Limited-memory BFGS (Liu & Nocedal, Math. Program. 45, 1989) with a strong Wolfe line search
/// (Nocedal & Wright, Numerical Optimization, 2nd ed., algorithms 3.5 and 3.6). f must be bounded
/// below and smooth along the way; kinks that are crossed do little harm. Where a trial step leads
/// to a value that is not finite, a shorter one is tried.
///
/// Keeps its buffers, 2·history + 5 vectors: no allocation after the first run of a size.
/// Deterministic: the same bits for the same objective, start and options.
class Lbfgs {
 public:
  /// Throws std::invalid_argument if the options are not valid.
  explicit Lbfgs(const LbfgsOptions& options = {});

  /// Minimises from x, and leaves the last accepted point there. Cost of a step besides f:
  /// 4·history·n. Throws std::invalid_argument if x is empty.
  Summary minimize(Objective f, Vector& x, const StepCallback& callback = {});

 private:
  class Run;

  LbfgsOptions options_;
  Matrix steps_, changes_;  // columns s_k, y_k: a ring
  Vector inverse_, alpha_;  // 1/(s_k·y_k)
  Vector gradient_, direction_, trial_, trial_gradient_;
};

}  // namespace skeleta::optimize
